package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/cmd/astrid-dev/internal/script"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// shell runs commands of sh with job control on a terminal of its own, in a
// folder with one capsule, and returns the terminal.
type shell struct {
	t        *testing.T
	dir      string
	keyboard *os.File
}

func newShell(t *testing.T, build, commands string) *shell {
	t.Helper()
	person, program, err := script.Terminal()
	if err != nil {
		t.Fatal(err)
	}
	s := &shell{t, t.TempDir(), person}
	layCapsule(t, filepath.Join(s.dir, "cap"), "cap", build)
	cmd := exec.Command("sh", "-c", "set -m\n"+commands)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.dir, program, program, program
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	program.Close()
	go io.Copy(io.Discard, person)
	t.Cleanup(func() {
		person.Close() // hangs up: everything on it ends
		cmd.Process.Kill()
		cmd.Wait()
		if text, err := os.ReadFile(s.path("watch.pid")); err == nil { // nobody hangs up on what runs in the background
			if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
				_ = syscall.Kill(pid, syscall.SIGTERM)
			}
		}
	})
	return s
}

func (s *shell) path(name string) string { return filepath.Join(s.dir, name) }

func (s *shell) write(name, content string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(content), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// await waits until file holds text and returns all of it.
func (s *shell) await(file, text string) string {
	s.t.Helper()
	var got []byte
	for deadline := time.Now().Add(testkit.Patience); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if got, _ = os.ReadFile(s.path(file)); strings.Contains(string(got), text) {
			return string(got)
		}
		if pid, err := os.ReadFile(s.path("watch.pid")); err == nil && state(string(pid)) == "T" {
			s.t.Fatalf("watch is stopped, before %q in\n%s", text, got)
		}
	}
	s.t.Fatalf("no %q in\n%s", text, got)
	return ""
}

func state(pid string) string {
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(pid) + "/stat")
	if err != nil {
		return ""
	}
	return string(stat[strings.LastIndexByte(string(stat), ')')+2])
}

// named makes an empty module with the three letters of edit.txt in it, so that an edit is a reload.
const named = `{ printf '\000asm\001\000\000\000\000\004\003'; cat edit.txt 2>/dev/null || printf one; } > "$CAPSULE_OUT"`

// In the background of a shell watch goes on: it reads no keys there.
func TestWatchInTheBackground(t *testing.T) {
	s := newShell(t, named, "astrid-dev watch cap > out 2>&1 &\necho $! > watch.pid\nwait\n")
	s.await("out", "#1")
	s.write("cap/edit.txt", "two")
	s.await("out", "#2")
}

// Ctrl-Z stops the compiler too, and bg continues both.
func TestCtrlZStopsTheCompiler(t *testing.T) {
	s := newShell(t, `echo "$$ pid" > ../build.pid; while ! test -e ../go; do sleep 0.05; done; `+named,
		"astrid-dev watch cap > out 2>&1\nwhile ! test -e bg-now; do sleep 0.05; done\nbg\njobs -p > watch.pid\nwait\n")
	pid := strings.Fields(s.await("build.pid", "pid"))[0]
	if _, err := s.keyboard.Write([]byte{0x1a}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(testkit.Patience); state(pid) != "T"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the compiler is %q, want stopped", state(pid))
		}
	}
	s.write("go", "")
	s.write("bg-now", "")
	s.await("out", "#1")
	s.write("cap/edit.txt", "two")
	s.await("out", "#2")
}
