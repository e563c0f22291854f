//go:build unix

package fsys

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.WriteFile(at("file"), []byte("12345"), 0o644),
		os.Symlink("file", at("link")),
		os.Symlink("round", at("round")),
		os.Mkdir(at("folder"), 0o755),
		syscall.Mkfifo(at("fifo"), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		path  string
		limit int64
		want  string
		fails bool
	}{
		{at("file"), 5, "12345", false},
		{at("file"), 4, "", true},
		{at("link"), 5, "12345", false},
		{at("round"), 5, "", true},
		{at("folder"), 5, "", true},
		{at("fifo"), 5, "", true},
		{at("nothing"), 5, "", true},
		{"/dev/zero", 5, "", true},
	} {
		got, err := Read(c.path, c.limit)
		if string(got) != c.want || (err != nil) != c.fails {
			t.Errorf("Read(%s, %d) = %q, %v", c.path, c.limit, got, err)
		}
	}
}
