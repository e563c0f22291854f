//go:build unix

package toolchain

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A tool that hangs and has started another process: when the context ends, both are gone.
func TestP6AQueryLeavesNoProcess(t *testing.T) {
	dir := t.TempDir()
	pids := filepath.Join(dir, "pids")
	script := filepath.Join(dir, "tool")
	text := fmt.Sprintf("#!/bin/sh\nsleep 1000 &\necho $! $$ > %s.new; mv %s.new %s\nwait\n", pids, pids, pids)
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := query(ctx, dir, environ(os.Environ()), []string{script, "--version"})
		done <- err
	}()
	var written []byte
	for len(written) == 0 {
		written, _ = os.ReadFile(pids)
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	for _, text := range strings.Fields(string(written)) {
		pid, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("process %d is still there: %v", pid, err)
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// A machine that stood still for longer than the limit does not make a tool unknown: its
// stamp in place of its version would be another key, and a build of what is built.
func TestP4ATooLateAnswerIsAskedForOnceMore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tool := filepath.Join(dir, "tool")
	text := "#!/bin/sh\ntest -e asked && echo version 1 && exit\ntouch asked\nsleep 1000\n"
	if err := os.WriteFile(tool, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := queryTwice(t.Context(), dir, environ(os.Environ()), []string{tool}, 5*time.Second)
	if err != nil || string(out) != "version 1\n" {
		t.Errorf("%q, %v", out, err)
	}
	if err := os.WriteFile(tool, []byte("#!/bin/sh\necho again >> times\nsleep 1000\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = queryTwice(t.Context(), dir, environ(os.Environ()), []string{tool}, time.Second)
	times, _ := os.ReadFile(filepath.Join(dir, "times"))
	if !errors.Is(err, errQueryTimeout) || len(times) > len("again\nagain\n") {
		t.Errorf("one that hangs: %v, asked %q", err, times)
	}
}

// A tool that fails says why, and so does who asked it.
func TestAFailedQuestionTellsWhatTheToolSaid(t *testing.T) {
	dir := t.TempDir()
	_, err := query(t.Context(), dir, environ(os.Environ()), []string{"/bin/sh", "-c", "echo 'error: no toolchain' >&2; echo 'help: install one' >&2; exit 3"})
	if err == nil || !strings.HasSuffix(err.Error(), "exit code 3: error: no toolchain") {
		t.Errorf("the question failed with %v", err)
	}
}
