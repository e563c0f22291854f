package watcher

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Scripts are what programs do to files, one command a line, and paths are below
// the test's folder:
//
//	mkdir P      write P [TEXT]   append P TEXT   touch P      truncate P
//	mv P Q       rm P             rmall P         link P TEXT  chmod P MODE
//	hard P Q     copy P Q         deep P N        quiet
//
// Underneath is the folder "r", the root that is watched, unless a case says
// otherwise. A word in quotes is a Go string: names have newlines, or are not UTF-8.

// run runs a script below dir.
func run(t *testing.T, dir, script string, quiet func()) {
	t.Helper()
	for line := range strings.Lines(script) {
		words := fields(t, line)
		if len(words) == 0 {
			continue
		}
		if words[0] == "quiet" {
			quiet()
			continue
		}
		if err := command(dir, words); err != nil {
			t.Fatalf("%s: %v", strings.TrimSpace(line), err)
		}
	}
}

func fields(t *testing.T, line string) (words []string) {
	t.Helper()
	for _, word := range strings.Fields(line) {
		if strings.HasPrefix(word, "#") && len(words) == 0 {
			return nil
		}
		if strings.HasPrefix(word, `"`) {
			text, err := strconv.Unquote(word)
			must(t, err)
			word = text
		}
		words = append(words, word)
	}
	return words
}

func command(dir string, words []string) error {
	at := func(i int) string { return filepath.Join(dir, words[i]) }
	text := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	switch words[0] {
	case "mkdir":
		return os.MkdirAll(at(1), 0o755)
	case "write":
		return os.WriteFile(at(1), []byte(text(2)), 0o644)
	case "append":
		f, err := os.OpenFile(at(1), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.WriteString(text(2))
		return err
	case "touch":
		info, err := os.Stat(at(1))
		if err != nil {
			return err
		}
		return os.Chtimes(at(1), info.ModTime(), info.ModTime().Add(1e9))
	case "truncate":
		return os.Truncate(at(1), 0)
	case "mv":
		return syscall.Rename(at(1), at(2)) // as mv does; os.Rename refuses an empty folder as its target
	case "rm":
		return os.Remove(at(1))
	case "rmall":
		return os.RemoveAll(at(1))
	case "link":
		return os.Symlink(words[2], at(1))
	case "hard":
		return os.Link(at(1), at(2))
	case "chmod":
		mode, err := strconv.ParseUint(words[2], 8, 32)
		if err != nil {
			return err
		}
		return os.Chmod(at(1), os.FileMode(mode))
	case "copy":
		return os.CopyFS(at(2), os.DirFS(at(1)))
	case "deep":
		n, err := strconv.Atoi(words[2])
		if err != nil {
			return err
		}
		return os.MkdirAll(at(1)+strings.Repeat("/d", n), 0o755)
	}
	return fmt.Errorf("no such command")
}

// scripted is a case: after setup and a watcher on the root, script runs, and
// the paths in want are reported by name, and none at or below those in never.
type scripted struct {
	name          string
	setup, script string
	want, never   string // words
}

func (c scripted) run(t *testing.T, poll bool) {
	dir := folderOf(t)
	root := filepath.Join(dir, "r")
	mkdir(t, root)
	run(t, dir, c.setup, nil)
	w := start(t, poll, Plan{Roots: []string{root}})
	run(t, dir, c.script, w.quiet)
	w.quiet()
	for _, p := range fields(t, c.want) {
		if !w.seen[filepath.Join(dir, p)] {
			t.Errorf("%q is not reported, only %v", p, w.seen)
		}
	}
	for _, p := range fields(t, c.never) {
		for seen := range w.seen {
			if seen == filepath.Join(dir, p) || below(seen, filepath.Join(dir, p)) {
				t.Errorf("%q is reported", seen)
			}
		}
	}
	if w.lost {
		t.Error("Lost without need")
	}
	w.probe(root)
}

func runAll(t *testing.T, cases []scripted) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { both(t, c.run) })
	}
}
