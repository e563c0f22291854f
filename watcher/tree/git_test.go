package tree

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// git runs git in folder, away from the user's own settings, and returns what it prints.
func git(t testing.TB, folder string, args ...string) string {
	t.Helper()
	return gitInput(t, folder, "", args...)
}

func gitInput(t testing.TB, folder, stdin string, args ...string) string {
	t.Helper()
	need(t, "git")
	cmd := exec.Command("git", append([]string{"-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always",
		"-c", "core.excludesFile=/dev/null", "-c", "core.ignoreCase=false",
		"-c", "user.name=n", "-c", "user.email=e@example.org"}, args...)...)
	cmd.Dir = folder
	// A hook that runs the tests has variables which lead git to another repository.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GIT_") })
	cmd.Env = append(cmd.Env, "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
	cmd.Stdin = strings.NewReader(stdin)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	// check-ignore exits 1 when nothing is ignored.
	if err != nil && !(args[0] == "check-ignore" && cmd.ProcessState.ExitCode() == 1) {
		t.Fatalf("git %q: %v\n%s", args, err, stderr.Bytes())
	}
	return string(out)
}

// ignoredByGit asks git which of the paths, relative to top, its patterns ignore.
func ignoredByGit(t testing.TB, top string, paths []string) map[string]bool {
	t.Helper()
	if len(paths) == 0 {
		return nil
	}
	out := gitInput(t, top, strings.Join(paths, "\x00")+"\x00",
		"check-ignore", "--no-index", "--stdin", "-z", "-v", "--non-matching")
	fields := strings.Split(strings.TrimSuffix(out, "\x00"), "\x00")
	ignored := make(map[string]bool)
	for ; len(fields) >= 4; fields = fields[4:] { // file, line, pattern, path
		ignored[fields[3]] = fields[0] != "" && !strings.HasPrefix(fields[2], "!")
	}
	return ignored
}

// tree lists all files and folders below top, but for .git.
func treeOf(t testing.TB, top string) (files, folders []string) {
	t.Helper()
	check(t, filepath.WalkDir(top, func(path string, e fs.DirEntry, err error) error {
		rel := strings.TrimPrefix(path, top+"/")
		switch {
		case err != nil || path == top:
		case e.Name() == ".git" && e.IsDir():
			return fs.SkipDir
		case e.IsDir():
			folders = append(folders, rel)
		default:
			files = append(files, rel)
		}
		return err
	}))
	return files, folders
}

// checkSkipsAsGit compares Skip with git check-ignore for all that is in the repository top.
func checkSkipsAsGit(t testing.TB, top string) {
	t.Helper()
	files, folders := treeOf(t, top)
	ignored := ignoredByGit(t, top, append(slices.Clone(files), folders...))
	r := mustDefault(t, top, Options{})
	for i, path := range append(files, folders...) {
		dir := i >= len(files)
		if got := r.Skip(top+"/"+path, dir); got != ignored[path] {
			t.Errorf("Skip(%q, %v) = %v, git says %v\n%s", path, dir, got, ignored[path], ignoreFiles(t, top))
			return
		}
	}
}

func ignoreFiles(t testing.TB, top string) string {
	t.Helper()
	var b strings.Builder
	files, _ := treeOf(t, top)
	for _, f := range append(files, ".git/info/exclude") {
		if filepath.Base(f) == ".gitignore" || strings.HasSuffix(f, "exclude") {
			content, err := os.ReadFile(top + "/" + f)
			check(t, err)
			fmt.Fprintf(&b, "%s: %q\n", f, content)
		}
	}
	return b.String()
}

func TestGitignoreCorners(t *testing.T) {
	top := t.TempDir()
	git(t, top, "init", "-q")
	plant(t, top, "a", "", "b", "", "ab", "", "a b", "", "a ", "", "a\\", "", "#x", "", "!x", "", "[x", "", "x]", "", "a\t", "",
		"d/a", "", "d/b", "", "d/e/a", "", "d/e/f/a", "", "foo/bar", "", "foo/x/bar", "", "foo/x/y/bar", "", "foobar", "", "fooz/bar", "",
		"A", "", "0", "", "é", "", "\xff", "", "a-b", "", "a]b", "", "*", "", "?", "", "**", "", "x\ny", "", "\r", "", "c\r", "", "c", "", "-", "")
	for _, content := range []string{
		"a", "/a", "a/", "d/", "d", "/d/a", "d/a", "*/a", "**/a", "a/**", "d/**", "d/**/a", "/**/a", "**", "*", "/*", "**/", "*/", "/", "//", "//a",
		"*\n!a", "*\n!/d/\n!/d/a", "*\n!*/\n!a", "/*\n!/d\n/d/*\n!/d/e", "d/\n!d/a", "d/*\n!d/a", "!a", "a\n!a\na",
		"foo/**/bar", "foo/**bar", "foo**/bar", "foo**bar", "fo*/bar", "foo/*/bar", "foo/***/bar", "f**/bar", "foo/**/", "foo/x/**",
		"\\a", "\\#x", "#x", "\\!x", "!x", "\\[x", "[x", "x]", "a\\ ", "a ", "a\\", "a\\\\", "a b ", "a\\ b", "a\t", " a", "\\*", "\\?", "\\*\\*",
		"[ab]", "[!ab]", "[^ab]", "[a-c]", "[a-b-z]", "[a-b-c]", "[!a-c]", "[]a]", "[]-a]", "a[]-]b", "a[-]]b", "[a-]", "[-a]", "[\\a]", "[[:alpha:]]", "[[:upper:][:digit:]]",
		"[[:nope:]]", "[[:alpha:]", "[[:alpha]", "[a", "[", "[!", "[]", "[a-\\]]", "[\\]]", "[[]x", "[[a]x", "[/]a", "d[/]a", "d?a", "d*a", "[^/]a", "?", "??", "a?b",
		"é", "?", "\xff", "[\xff]", "\xc3*", "\ufeffa", "a\r\nb\r\n", "a\r", "c\r\r\n", "\\\r", "a\x00b", "x\\\ny", "\n\n  \na", "a\n\n", "***", "*a*b*", "**a", "a**", "d/e**", "d/**e/a", "**/e/**", "**/**/a", "*.",
	} {
		check(t, os.WriteFile(top+"/.gitignore", []byte(content), 0o644))
		checkSkipsAsGit(t, top)
	}
}

// randomLines writes lines of patterns from pieces that meet each other often.
func randomLines(rnd *rand.Rand) string {
	pieces := []string{"a", "b", "c", "ab", "*", "*", "**", "/", "/", "/", "?", "[ab]", "[!a]", "[a-c]", "\\", "\\a", ".", "-", "[", "]", "[[:alpha:]]", "a*", "*b", " "}
	var b strings.Builder
	for range 1 + rnd.IntN(4) {
		if rnd.IntN(4) == 0 {
			b.WriteString("!")
		}
		for range 1 + rnd.IntN(5) {
			b.WriteString(pieces[rnd.IntN(len(pieces))])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// growSmall fills folder with files and folders of few names, some with a .gitignore.
func growSmall(t testing.TB, rnd *rand.Rand, folder string, depth int) {
	t.Helper()
	names := []string{"a", "b", "c", "ab", "ba", "abc", "a.b", "a-b", ".a", "]", "a b", "\\", "*"}
	for range 2 + rnd.IntN(4) {
		name := names[rnd.IntN(len(names))]
		path := folder + "/" + name
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		if rnd.IntN(2) == 0 && depth < 4 {
			check(t, os.Mkdir(path, 0o755))
			growSmall(t, rnd, path, depth+1)
			continue
		}
		check(t, os.WriteFile(path, []byte(name), 0o644))
	}
	if rnd.IntN(3) == 0 {
		check(t, os.WriteFile(folder+"/.gitignore", []byte(randomLines(rnd)), 0o644))
	}
}

// emptied is top without anything but its .git.
func emptied(t testing.TB, top string) {
	t.Helper()
	entries, err := os.ReadDir(top)
	check(t, err)
	for _, e := range entries {
		if e.Name() != ".git" {
			check(t, os.RemoveAll(top+"/"+e.Name()))
		}
	}
}

func TestGitignoreRandom(t *testing.T) {
	top := t.TempDir()
	git(t, top, "init", "-q")
	for seed := range uint64(testkit.Rounds(15, 60)) {
		emptied(t, top)
		rnd := rand.New(rand.NewPCG(seed, 3))
		growSmall(t, rnd, top, 0)
		check(t, os.WriteFile(top+"/.git/info/exclude", []byte(randomLines(rnd)), 0o644))
		check(t, os.WriteFile(top+"/.gitignore", []byte(randomLines(rnd)), 0o644))
		checkSkipsAsGit(t, top)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// FuzzGitignore compares one file of patterns and one path with git.
func FuzzGitignore(f *testing.F) {
	need(f, "git")
	top := f.TempDir()
	git(f, top, "init", "-q")
	f.Add("a/**/b\n!*[a-c]\\ \n", "a/x/b")
	f.Fuzz(func(t *testing.T, content, path string) {
		if path != filepath.Clean(path) || filepath.IsAbs(path) || path == "." || strings.HasPrefix(path, "..") ||
			strings.Contains(path, "\x00") || len(path) > 100 || strings.Contains(strings.ToLower(path), ".git") ||
			strings.HasPrefix(path, ":") { // magic to git, not a path
			t.Skip("not a path that git would look at")
		}
		for name := range strings.SplitSeq(path, "/") {
			if astridSkips(name, true) || astridSkips(name, false) || isDropping(name) || isLock(name) || name == ManifestName {
				t.Skip("other rules know it")
			}
		}
		check(t, os.WriteFile(top+"/.gitignore", []byte(content), 0o644))
		want := ignoredByGit(t, top, []string{path})[path]
		if got := mustDefault(t, top, Options{}).Skip(top+"/"+path, false); got != want {
			t.Errorf("%q for %q: Skip = %v, git says %v", content, path, got, want)
		}
	})
}

// What git lists of a random repository, tracked or not ignored, is what Take finds.
func TestDefaultEqualsGitLsFiles(t *testing.T) {
	top := t.TempDir()
	git(t, top, "init", "-q")
	for seed := range uint64(testkit.Rounds(10, 40)) {
		emptied(t, top)
		rnd := rand.New(rand.NewPCG(seed, 4))
		growSmall(t, rnd, top, 0)
		check(t, os.WriteFile(top+"/.git/info/exclude", []byte(randomLines(rnd)), 0o644))
		os.Remove(top + "/.git/index")
		files, _ := treeOf(t, top)
		var tracked []string
		for _, f := range files {
			if rnd.IntN(4) == 0 {
				tracked = append(tracked, f)
			}
		}
		version := fmt.Sprintf("index.version=%d", 2+seed%3)
		if len(tracked) > 0 {
			gitInput(t, top, strings.Join(tracked, "\x00")+"\x00", "-c", version, "--literal-pathspecs",
				"add", "-f", "--pathspec-from-file=-", "--pathspec-file-nul")
		}
		if seed%5 == 0 && len(tracked) > 0 {
			git(t, top, "update-index", "--split-index")
			git(t, top, "--literal-pathspecs", "add", "-f", files[rnd.IntN(len(files))])
		}
		listed := map[string]bool{}
		for f := range strings.SplitSeq(git(t, top, "ls-files", "-z", "-co", "--exclude-standard"), "\x00") {
			listed[f] = true
		}
		s := mustTake(t, top, mustDefault(t, top, Options{}))
		if got, want := s.Digest.String(), oracle(t, top, func(p string) bool { return listed[p] }); got != want {
			var names []string
			for f := range listed {
				names = append(names, f)
			}
			wantPaths(t, pathsOf(s), names...)
			t.Fatalf("seed %d: digest %s, want %s\n%s", seed, got, want, ignoreFiles(t, top))
		}
		checkSkipAgreesWithTake(t, top, mustDefault(t, top, Options{}))
	}
}

// checkSkipAgreesWithTake: what Take returns, and its folders, are not skipped; every other regular file is.
func checkSkipAgreesWithTake(t testing.TB, root string, r *Rules) {
	t.Helper()
	taken := map[string]bool{}
	for _, p := range pathsOf(mustTake(t, root, r)) {
		taken[p] = true
		for up := filepath.Dir(p); up != "."; up = filepath.Dir(up) {
			if r.Skip(root+"/"+up, true) {
				t.Errorf("Skip(%q) leaves out the folder of %q", up, p)
			}
		}
	}
	files, _ := treeOf(t, root)
	for _, f := range files {
		info, err := os.Lstat(root + "/" + f)
		check(t, err)
		if got := r.Skip(root+"/"+f, false); info.Mode().IsRegular() && got == taken[f] {
			t.Errorf("Skip(%q) = %v, Take has it: %v", f, got, taken[f])
		}
	}
}
