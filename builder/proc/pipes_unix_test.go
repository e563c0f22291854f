//go:build unix

package proc

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// lowestFree is the descriptor that the next file gets.
func lowestFree(t *testing.T) int {
	t.Helper()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	return int(f.Fd())
}

// Whichever stream cannot be opened, the command has an error, and what was opened before is closed again.
func TestStreamsThatCannotBeOpened(t *testing.T) {
	var usual unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &usual); err != nil {
		t.Fatal(err)
	}
	first, refused := lowestFree(t), 0
	for spare := range 12 {
		few := usual
		few.Cur = uint64(first + spare)
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
			t.Fatal(err)
		}
		p, err := newPipes(Command{Stdin: []byte("in"), Stdout: new(bytes.Buffer), Stderr: new(bytes.Buffer)})
		if restored := unix.Setrlimit(unix.RLIMIT_NOFILE, &usual); restored != nil {
			t.Fatal(restored)
		}
		if err == nil {
			p.closeChildEnds()
			p.abandon()
		} else if refused++; !errors.Is(err, unix.EMFILE) {
			t.Errorf("with %d descriptors left: %v, want EMFILE", spare, err)
		}
		if now := lowestFree(t); now != first {
			t.Fatalf("with %d descriptors left: descriptor %d stays open", spare, first)
		}
	}
	if refused == 0 || refused == 12 {
		t.Errorf("%d of 12 limits refused a stream: the test tried nothing", refused)
	}
}
