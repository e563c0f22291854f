package fsys

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestPaths(t *testing.T) {
	base := filepath.FromSlash("/a/b")
	for path, want := range map[string]string{"c": "/a/b/c", "../c/./d": "/a/c/d", "/e//f": "/e/f", "../**/x": "/a/**/x"} {
		if got := filepath.ToSlash(Absolute(base, path)); got != want {
			t.Errorf("%s from %s is %s, want %s", path, base, got, want)
		}
	}
	for path, want := range map[string]bool{"/a/b": true, "/a/b/c": true, "/a": false, "/a/bc": false, "/": false} {
		if Inside(base, filepath.FromSlash(path)) != want {
			t.Errorf("%s is inside %s: %v", path, base, !want)
		}
	}
	if up := Upward(base); len(up) < 3 || up[0] != base || up[1] != filepath.Dir(base) {
		t.Errorf("upward: %q", up)
	}
}

// A folder may have any name, and stands for itself in a pattern.
func TestEscapeGlob(t *testing.T) {
	for _, name := range []string{"plain", "a[b]", "{a,b}", "a]"} {
		dir := filepath.Join(t.TempDir(), name)
		file := filepath.Join(dir, "x.go")
		if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(file, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
		if got, err := filepath.Glob(filepath.Join(EscapeGlob(dir), "*.go")); err != nil || !slices.Equal(got, []string{file}) {
			t.Errorf("in %q: %q, %v", name, got, err)
		}
	}
}

// What cannot be written whole leaves the old content, and no litter.
func TestReplace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "file")
	write := func(text string, fails error) error {
		return Replace(path, 0o600, func(w io.Writer) error {
			_, err := io.WriteString(w, text)
			return errors.Join(err, fails)
		})
	}
	if err := write("old", nil); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	if err := write("half", broken); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	data, _ := os.ReadFile(path)
	info, err := os.Stat(path)
	if string(data) != "old" || err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%q, %v, %v", data, info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}

func TestRoot(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	err := InRoot(dir, func(r *Root) error {
		if err := r.Replace("link/file", nil); !Escapes(err) {
			t.Errorf("a write through a link: %v", err)
		}
		if _, below := r.Below(outside); below {
			t.Error("another folder is below")
		}
		killed, err := r.Create(Temporary("file"))
		if err != nil {
			return err
		}
		killed.Close()
		r.Sweep("file")
		return r.Replace("file", []byte("x"))
	})
	if entries, _ := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%v, %v", entries, err)
	}
}
