//go:build unix

package main

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/cmd/astrid-dev/internal/script"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// modelTree is a git repository of capsules to which random things happen.
type modelTree struct {
	t         *testing.T
	random    *rand.Rand
	root, out string // out: where things are moved to that leave
	beats     int    // of the sentinel, a capsule that only rest touches
	log       []string
}

const modelManifest = `[package]
name = "model"
version = "0.1.0"

[[component]]
file = "cap.wasm"

[package.metadata.astrid-dev]
build = ["sh", "build.sh"]
`

// takingManifest is of a capsule that takes the module that its file takes names.
const takingManifest = modelManifest + `inputs = ["%s"]
`

// modelBuild makes a module of the SHA-256 of three files and of the module that it takes,
// if it takes one; a source that says bad fails, one that says slow takes a while.
const modelBuild = `test -f src.txt || exit 3
for f in src.txt lib/x lib/y $(cat takes 2>/dev/null); do if test -f $f; then cat $f; fi; done > "$TMPDIR/all"
if grep -q bad "$TMPDIR/all"; then exit 4; fi
if grep -q slow "$TMPDIR/all"; then sleep 0.15; fi
{ printf '\0asm\001\0\0\0\0\101\100'; sha256sum < "$TMPDIR/all" | head -c 64; } > "$CAPSULE_OUT"
`

func newModelTree(t *testing.T, random *rand.Rand) *modelTree {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	m := &modelTree{t: t, random: random, root: filepath.Join(dir, "root"), out: filepath.Join(dir, "out")}
	m.must(os.MkdirAll(m.out, 0o755))
	for _, name := range []string{"a", "b", "c", "b/nested", "d/e"} {
		m.must(m.write(filepath.Join(m.root, name), "one"))
	}
	m.must(m.write(m.sentinel(), "0"))
	m.must(m.chain("one", "../../a/cap.wasm"))
	m.must(m.chain("two", "../one/cap.wasm"))
	m.must(os.Mkdir(filepath.Join(m.root, "shared"), 0o755))
	m.must(os.WriteFile(filepath.Join(m.root, ".gitignore"), []byte("*.wasm\ntarget/\n"), 0o644))
	m.git("init", "-q", "-b", "main")
	m.must(os.MkdirAll(filepath.Join(m.root, ".git", "info"), 0o755))
	m.must(os.WriteFile(filepath.Join(m.root, ".git", "info", "exclude"), []byte("/sentinel/\n"), 0o644))
	m.commit()
	m.git("checkout", "-q", "-b", "other")
	for range 8 {
		m.edit()
	}
	m.commit()
	m.log = nil
	return m
}

func (m *modelTree) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *modelTree) sentinel() string { return filepath.Join(m.root, "sentinel") }

// write makes a capsule.
func (m *modelTree) write(dir, text string) (err error) {
	err = os.MkdirAll(filepath.Join(dir, "lib"), 0o755)
	for name, text := range map[string]string{"src.txt": text, "lib/x": "x", "build.sh": modelBuild, "Capsule.toml": modelManifest} {
		err = errors.Join(err, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return err
}

// chain makes a capsule that takes another's module. These are edited, and not moved: where
// they lie is what they take.
func (m *modelTree) chain(name, takes string) error {
	dir := filepath.Join(m.root, "chain", name)
	return errors.Join(m.write(dir, "one"),
		os.WriteFile(filepath.Join(dir, "takes"), []byte(takes), 0o644),
		os.WriteFile(filepath.Join(dir, "Capsule.toml"), fmt.Appendf(nil, takingManifest, takes), 0o644))
}

func (m *modelTree) git(args ...string) {
	cmd := exec.Command("git", append([]string{"-c", "user.name=m", "-c", "user.email=m@m", "-c", "gc.auto=0"}, args...)...)
	cmd.Dir = m.root
	if out, err := cmd.CombinedOutput(); err != nil {
		m.log = append(m.log, fmt.Sprintf("git %v: %s", args, out))
	}
}

func (m *modelTree) commit() {
	m.git("add", "-A")
	m.git("commit", "-q", "--allow-empty", "-m", "m")
}

// capsules lists the folders that hold a manifest.
func (m *modelTree) capsules() []string {
	var dirs []string
	m.must(filepath.WalkDir(m.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != m.root && (slices.Contains(leftOut, d.Name()) || repository(path)) {
			return filepath.SkipDir
		}
		if d.Name() == "Capsule.toml" && d.Type().IsRegular() {
			dirs = append(dirs, filepath.Dir(path))
		}
		return nil
	}))
	return dirs
}

// repository says whether a folder is a work tree of its own.
func repository(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, ".git"))
	return err == nil
}

var leftOut = []string{"node_modules", "target", "dist", ".git"}

// some is one of list.
func some[T any](m *modelTree, list ...T) T { return list[m.random.IntN(len(list))] }

// chained are the capsules that take others' modules.
func (m *modelTree) chained() []string {
	return []string{filepath.Join(m.root, "chain", "one"), filepath.Join(m.root, "chain", "two")}
}

// dir is a capsule that is there, or the place of one.
func (m *modelTree) dir() string {
	dirs := slices.DeleteFunc(m.capsules(), func(dir string) bool {
		return dir == m.sentinel() || slices.Contains(m.chained(), dir)
	})
	if len(dirs) < 3 || m.random.IntN(12) == 0 {
		return filepath.Join(m.root, some(m, "a", "b", "c", "b/nested", "d/e", "f", "g/h/i"))
	}
	return some(m, dirs...)
}

// text is little varied, so that edits are undone and repeated.
func (m *modelTree) text() string {
	return some(m, "one", "two", "three", "four", "bad", "slow1", "slow2")
}

var modelFiles = []string{"src.txt", "src.txt", "src.txt", "lib/x", "lib/y", "deep/a/b/f", "note.log", "dist/f", "target/f", "x.wasm", ".gitignore"}

// step does one thing; many fail, as they do in life.
func (m *modelTree) step() {
	switch m.random.IntN(23) {
	default:
		m.edit()
	case 0, 1, 2:
		m.moveFolder()
	case 3, 4, 5:
		m.moveCapsule()
	case 6:
		m.toggleManifest()
	case 7:
		m.note("checkout")
		m.git("checkout", "-q", "-f", some(m, "main", "other"))
	case 8:
		m.note("commit")
		m.commit()
	case 9:
		m.worktree()
	case 10:
		m.share()
	case 11:
		m.editFile(filepath.Join(some(m, m.chained()...), some(m, modelFiles...)))
	}
}

func (m *modelTree) note(format string, args ...any) {
	m.log = append(m.log, strings.ReplaceAll(fmt.Sprintf(format, args...), m.root+"/", ""))
}

// edit changes one file of a capsule.
func (m *modelTree) edit() { m.editFile(filepath.Join(m.dir(), some(m, modelFiles...))) }

func (m *modelTree) editFile(path string) {
	text := m.text()
	if filepath.Base(path) == ".gitignore" {
		text = some(m, "*.log\n", "deep/\n", "")
	}
	op := some(m, "write", "write", "write", "replace", "append", "remove", "chmod", "touch", "link", "share", "older", "same time")
	var err error
	switch op {
	case "write":
		os.MkdirAll(filepath.Dir(path), 0o755)
		err = os.WriteFile(path, []byte(text), 0o644)
	case "replace":
		temp := filepath.Join(m.out, "new")
		m.must(os.WriteFile(temp, []byte(text), 0o644))
		err = os.Rename(temp, path)
	case "append":
		var f *os.File
		if f, err = os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o644); err == nil {
			f.WriteString(text)
			f.Close()
		}
	case "remove":
		err = os.Remove(path)
	case "chmod":
		err = os.Chmod(path, os.FileMode(some(m, 0o600, 0o644, 0o755)))
	case "touch":
		var data []byte
		if data, err = os.ReadFile(path); err == nil {
			err = os.WriteFile(path, data, 0o644)
		}
	case "share": // a build reads what lies elsewhere, by way of its own folder
		os.Remove(path)
		err = os.Symlink(some(m, m.shared()...), path)
	case "older": // as mv, tar and rsync bring one
		if err = os.WriteFile(path, []byte(text), 0o644); err == nil {
			then := time.Now().Add(-time.Duration(1+m.random.IntN(1000)) * time.Hour)
			err = os.Chtimes(path, then, then)
		}
	case "same time":
		var info os.FileInfo
		if info, err = os.Stat(path); err == nil && os.WriteFile(path, []byte(text), 0o644) == nil {
			err = os.Chtimes(path, info.ModTime(), info.ModTime())
		}
	case "link": // a build follows links and a source hash does not, so that no build reads these
		err = os.Symlink(m.dir(), filepath.Join(filepath.Dir(filepath.Dir(path)), "link"))
	}
	m.note("%s %s %q: %v", op, path, text, err)
}

// shared are files that capsules link to, in the watched folder and outside.
func (m *modelTree) shared() []string {
	return []string{filepath.Join(m.root, "shared", "p"), filepath.Join(m.root, "shared", "q"), filepath.Join(m.out, "linked")}
}

// share changes what links lead to.
func (m *modelTree) share() {
	path, text := some(m, m.shared()...), m.text()
	if m.random.IntN(5) == 0 {
		m.note("remove %s: %v", path, os.Remove(path))
		return
	}
	m.note("share %s %q: %v", path, text, os.WriteFile(path, []byte(text), 0o644))
}

// worktree makes or removes a work tree of this repository inside of it, whose capsules
// are another workspace's.
func (m *modelTree) worktree() {
	path := filepath.Join(m.root, some(m, "tree", "a/tree", "g/tree"))
	if repository(path) {
		m.note("remove work tree %s", path)
		m.git("worktree", "remove", "--force", path)
		return
	}
	m.note("work tree %s", path)
	m.git("worktree", "add", "-q", "-f", "--detach", path, some(m, "main", "other"))
}

// moveFolder moves or copies a folder inside capsules.
func (m *modelTree) moveFolder() {
	from := filepath.Join(m.dir(), some(m, "lib", "deep", "deep/a", "spare"))
	to := filepath.Join(m.dir(), some(m, "lib", "deep", "deep/a", "spare", "dist"))
	switch op := some(m, "rename", "copy", "remove", "make", "file"); op {
	case "rename":
		m.note("rename %s %s: %v", from, to, os.Rename(from, to))
	case "copy":
		m.note("copy %s %s: %v", from, to, exec.Command("cp", "-r", from, to).Run())
	case "remove":
		m.note("remove %s: %v", from, os.RemoveAll(from))
	case "file": // in the folder's place; a later make wants a folder there again
		os.RemoveAll(to)
		m.note("file %s: %v", to, os.WriteFile(to, []byte(m.text()), 0o644))
	case "make":
		if info, err := os.Lstat(to); err == nil && !info.IsDir() {
			os.Remove(to)
		}
		os.MkdirAll(to, 0o755)
		m.note("make %s/x: %v", to, os.WriteFile(filepath.Join(to, "x"), []byte(m.text()), 0o644))
	}
}

// moveCapsule moves, copies, removes or makes a whole capsule.
func (m *modelTree) moveCapsule() {
	from, to := m.dir(), m.dir()
	out := filepath.Join(m.out, some(m, "p", "q"))
	if m.random.IntN(2) == 0 {
		to = filepath.Join(m.root, some(m, "f", "g/h/i", "a", "j"))
	}
	os.MkdirAll(filepath.Dir(to), 0o755)
	switch op := some(m, "rename", "rename", "out", "in", "copy", "remove", "new", "swap"); op {
	case "rename":
		m.note("rename %s %s: %v", from, to, os.Rename(from, to))
	case "out":
		os.RemoveAll(out)
		m.note("out %s: %v", from, os.Rename(from, out))
	case "in":
		m.note("in %s: %v", to, os.Rename(out, to))
	case "copy":
		m.note("copy %s %s: %v", from, to, exec.Command("cp", "-r", from, to).Run())
	case "remove":
		m.note("remove %s: %v", from, os.RemoveAll(from))
	case "new":
		m.note("new %s: %v", to, m.write(to, m.text()))
	case "swap":
		os.RemoveAll(out)
		m.note("swap %s %s: %v %v %v", from, to, os.Rename(from, out), os.Rename(to, from), os.Rename(out, to))
	}
}

// toggleManifest renames a manifest, puts a folder in its place, or makes it.
func (m *modelTree) toggleManifest() {
	path := filepath.Join(m.dir(), "Capsule.toml")
	if m.random.IntN(4) == 0 {
		os.Remove(path)
		m.note("folder %s: %v", path, os.Mkdir(path, 0o755))
		return
	}
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		os.RemoveAll(path)
	}
	if err := os.Rename(path, path+".off"); err == nil {
		m.note("off %s", path)
		return
	}
	m.note("on %s: %v", path, os.WriteFile(path, []byte(modelManifest), 0o644))
}

// overflow makes more events than the kernel queues for a process that does not read them.
func (m *modelTree) overflow() {
	m.note("overflow")
	limit := 1 << 14
	if data, err := os.ReadFile("/proc/sys/fs/inotify/max_queued_events"); err == nil {
		fmt.Sscan(string(data), &limit)
	}
	dir := m.dir()
	for i := range limit * 6 / 10 { // each write of a file is an event for its truncation and one for its bytes
		path := filepath.Join(dir, fmt.Sprintf("flood%d", i%2)) // equal events in a row would be one
		if os.WriteFile(path, []byte("flood"), 0o644) != nil {
			return
		}
	}
}

// limit is a number of inotify watches that is too small, "" where none can be set.
func (m *modelTree) limit() string {
	watches := strconv.Itoa(m.random.IntN(40))
	if script.UserNamespaces() {
		return watches
	}
	m.must(testkit.MaySkip("a user namespace cannot be made"))
	return ""
}

// made is what a build of dir reads; false when it must fail.
func (m *modelTree) made(dir string) ([]byte, bool) {
	var all []byte
	names := []string{"src.txt", "lib/x", "lib/y"}
	if takes, err := os.ReadFile(filepath.Join(dir, "takes")); err == nil {
		names = append(names, string(takes))
	}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && name == "src.txt" {
			return nil, false
		}
		all = append(all, data...)
	}
	build, err := os.ReadFile(filepath.Join(dir, "build.sh"))
	return all, !bytes.Contains(all, []byte("bad")) && err == nil && string(build) == modelBuild
}

// notIgnored is what git does not ignore below a repository's top, asked of git.
func (m *modelTree) notIgnored(top string) map[string]bool {
	cmd := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	cmd.Dir = top
	list, err := cmd.Output()
	m.must(err)
	names := map[string]bool{}
	for name := range strings.SplitSeq(string(list), "\x00") {
		names[filepath.Join(top, name)] = true
	}
	return names
}

// hash is the source hash of dir as the facts describe it, told independently:
// what git ignores is asked of git. A work tree inside the capsule has sources too.
func (m *modelTree) hash(dir string) string {
	counts := m.notIgnored(m.root)
	h := blake3.New()
	part := func(data []byte) {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(data))))
		h.Write(data)
	}
	m.must(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != dir {
			info, err := os.Lstat(filepath.Join(path, "Capsule.toml"))
			if slices.Contains(leftOut, d.Name()) || err == nil && info.Mode().IsRegular() {
				return filepath.SkipDir
			}
			if repository(path) {
				maps.Copy(counts, m.notIgnored(path))
			}
		}
		ours := counts[path] || d.Name() == "Capsule.toml" || strings.HasPrefix(path, m.sentinel()+"/")
		if !d.Type().IsRegular() || filepath.Ext(path) == ".wasm" || !ours {
			return nil
		}
		data, err := os.ReadFile(path)
		m.must(err)
		rel, err := filepath.Rel(dir, path)
		m.must(err)
		part([]byte(rel))
		part(data)
		return nil
	}))
	return hex.EncodeToString(h.Sum(nil))
}
