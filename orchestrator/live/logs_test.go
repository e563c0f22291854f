package live

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Words of a log are shown without what the console says better.
func TestWords(t *testing.T) {
	got := string(words([]byte("1795789036.216 INFO [speaker] asked to say hello\n1795789036.216 ERROR [speaker] no\n  more of it\n")))
	if want := "asked to say hello\nERROR no\n  more of it\n"; got != want {
		t.Errorf("%q", got)
	}
}

// A log is read from where it ended when it was met, whole lines only; a new day is a new file.
func TestLogs(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, "user", "cap", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	var shown strings.Builder
	write("1.log", "before\n")
	g := newLogs(dir)
	look := func(want string) {
		t.Helper()
		shown.Reset()
		g.look(func(capsule string, lines []byte) { shown.WriteString(capsule + ":" + string(lines)) })
		if shown.String() != want {
			t.Errorf("%q, want %q", shown.String(), want)
		}
	}
	look("")
	write("1.log", "one\ntw")
	look("cap:one\n")
	write("1.log", "o\n")
	write("2.log", "three\n")
	look("cap:two\ncap:three\n")
	if err := os.Truncate(filepath.Join(dir, "user", "cap", "1.log"), 0); err != nil {
		t.Fatal(err)
	}
	write("1.log", "anew\n")
	look("cap:anew\n")
	if got := newLogs(filepath.Join(dir, "nothing")).files(); len(got) != 0 {
		t.Error(got)
	}
}
