//go:build unix

package fsys

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// deep makes a file at a path that no system call takes whole, and returns the path.
func deep(t *testing.T) string {
	t.Helper()
	top := t.TempDir()
	at, err := unix.Open(top, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	name, path := strings.Repeat("d", 200), top
	for len(path) <= 2*MaxPath {
		if err := unix.Mkdirat(at, name, 0o755); err != nil {
			t.Fatal(err)
		}
		next, err := unix.Openat(at, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		unix.Close(at)
		if err != nil {
			t.Fatal(err)
		}
		at, path = next, path+"/"+name
	}
	defer unix.Close(at)
	fd, err := unix.Openat(at, "file", unix.O_CREAT|unix.O_WRONLY|unix.O_CLOEXEC, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "file")
	defer file.Close()
	if _, err := file.WriteString("text"); err != nil {
		t.Fatal(err)
	}
	return path + "/file"
}

func TestPathsBeyondPathMax(t *testing.T) {
	path := deep(t)
	if got := Lstat(path); got.Kind != File || got.Size != 4 {
		t.Errorf("Lstat: %+v", got)
	}
	if got := Lstat(path + "x"); got.Kind != Missing {
		t.Errorf("Lstat of nothing: %+v", got)
	}
	s, err := OpenSource(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var text [8]byte
	if n, err := s.Read(text[:]); err != nil || string(text[:n]) != "text" {
		t.Errorf("%q, %v", text[:n], err)
	}
	var names []string
	if err := List(strings.TrimSuffix(path, "/file"), func(name string, _ Info) { names = append(names, name) }); err != nil || len(names) != 1 || names[0] != "file" {
		t.Errorf("%v, %v", names, err)
	}
	if _, err := OpenRealDir(t.TempDir() + "/" + strings.Repeat("n", 5000)); err == nil {
		t.Error("a name that is too long by itself opens")
	}
}
