//go:build unix

package report

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A named pipe that nobody reads ends in an error that says so, and never in waiting without end.
func TestPipeWithoutReader(t *testing.T) {
	err := writeTo(fifo(t), FormatJSON, sample(), 10*time.Millisecond)
	if !errors.Is(err, errNoReader) {
		t.Errorf("got %v", err)
	}
}

// One whose reader has stopped reading does neither.
func TestPipeWithIdleReader(t *testing.T) {
	path := fifo(t)
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	r := sample()
	r.Capsules[0].Reason = strings.Repeat("more than a pipe holds ", 1000)
	for range 7 { // 2 to the 7th of all capsules
		r.Capsules = append(r.Capsules, r.Capsules...)
	}
	if err := writeTo(path, FormatJSON, r, 10*time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// A reader that comes late gets the whole report.
func TestPipeWithLateReader(t *testing.T) {
	path := fifo(t)
	got := make(chan []byte)
	go func() {
		f, err := os.Open(path)
		if err != nil {
			t.Error(err)
			close(got)
			return
		}
		defer f.Close()
		data, _ := io.ReadAll(f)
		got <- data
	}()
	if err := WriteFile(path, FormatJSON, sample()); err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	if err := JSON(&want, sample()); err != nil {
		t.Fatal(err)
	}
	if data := <-got; !bytes.Equal(data, want.Bytes()) {
		t.Errorf("got %d bytes, want %d", len(data), want.Len())
	}
}

// Nor does the summary of a CI step wait for somebody who reads it.
func TestSummaryIntoAPipe(t *testing.T) {
	path := fifo(t)
	reader, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	done := make(chan error, 1)
	go func() { done <- AppendSummary(path, sample()) }()
	page := make([]byte, 1<<20)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n, _ := reader.Read(page); !bytes.HasPrefix(page[:n], []byte("## ")) {
		t.Errorf("read %q", page[:n])
	}
	if _, missing := os.Stat("/dev/full"); missing != nil {
		return
	}
	if err := AppendSummary("/dev/full", sample()); err == nil || !strings.Contains(err.Error(), "the step summary") {
		t.Errorf("a full disk: %v", err)
	}
}
