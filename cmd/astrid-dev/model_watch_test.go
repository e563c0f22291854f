//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/cmd/astrid-dev/internal/script"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
)

// modelWatch is a running astrid-dev watch of a modelTree.
type modelWatch struct {
	t     *testing.T
	tree  *modelTree
	cmd   *exec.Cmd
	ended chan error

	mu     sync.Mutex // guards what follows: a goroutine reads the events
	events []flat.Event
	stderr strings.Builder
}

func startModelWatch(t *testing.T, m *modelTree) *modelWatch {
	t.Helper()
	program, err := exec.LookPath("astrid-dev")
	m.must(err)
	args := []string{"watch", m.root, "--format", "json", "--quiet-window", "150ms"}
	watches := ""
	switch m.random.IntN(6) {
	case 0, 1:
		args = append(args, "--poll", "--poll-interval", "30ms")
	case 2:
		watches = m.limit()
		args = append(args, "--poll-interval", "30ms") // of the folders that get none
	}
	m.note("start %v %s", args, watches)
	w := &modelWatch{t: t, tree: m, cmd: script.Limited(watches, program, args), ended: make(chan error, 1)}
	w.cmd.Stderr = modelErrors{w}
	stdout, err := w.cmd.StdoutPipe()
	m.must(err)
	m.must(w.cmd.Start())
	t.Cleanup(func() { w.cmd.Process.Kill() })
	go w.read(bufio.NewReader(stdout))
	return w
}

// read takes the events in until the process ends.
func (w *modelWatch) read(lines *bufio.Reader) {
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			break
		}
		var e flat.Event
		if err := json.Unmarshal(line, &e); err != nil {
			e = flat.Event{Type: flat.Type("no JSON: " + string(line))}
		}
		w.mu.Lock()
		w.events = append(w.events, e)
		w.mu.Unlock()
	}
	w.ended <- w.cmd.Wait()
}

// modelErrors keeps what a watch says to people.
type modelErrors struct{ w *modelWatch }

func (e modelErrors) Write(p []byte) (int, error) {
	e.w.mu.Lock()
	defer e.w.mu.Unlock()
	return e.w.stderr.Write(p)
}

func (w *modelWatch) all() []flat.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.events[:len(w.events):len(w.events)]
}

func (w *modelWatch) last() flat.Event {
	all := w.all()
	return all[len(all)-1]
}

// await waits for an event that is so, from number from on, and returns the number after it.
func (w *modelWatch) await(from int, what string, so func(flat.Event) bool) int {
	w.t.Helper()
	for deadline := time.Now().Add(modelPatience); ; time.Sleep(2 * time.Millisecond) {
		all := w.all()
		for ; from < len(all); from++ {
			if so(all[from]) {
				return from + 1
			}
		}
		if time.Now().After(deadline) {
			w.cmd.Process.Signal(syscall.SIGQUIT) // it ends with all its goroutines on stderr
			<-w.ended
			w.fatalf("no %s", what)
		}
	}
}

// modelPatience is how long an event may take: a hang, not a slow machine, runs into it.
const modelPatience = time.Minute

// rest waits until everything that was done so far has been seen and dealt with.
// A poll reads one folder after the other, so that the first beat may overtake
// what was done before; the second may not.
func (w *modelWatch) rest() {
	w.t.Helper()
	m, at := w.tree, 0
	at = w.await(at, "ready", func(e flat.Event) bool { return e.Type == flat.Ready })
	for range 2 {
		at = len(w.all())
		m.beats++
		m.must(os.WriteFile(filepath.Join(m.sentinel(), "src.txt"), fmt.Append(nil, m.beats), 0o644))
		hash := m.hash(m.sentinel())
		at = w.await(at, "beat", func(e flat.Event) bool {
			return e.Dir == m.sentinel() && e.SourceHash == hash && e.Type == flat.Reload
		})
	}
	for {
		at = w.await(at, "idle", func(e flat.Event) bool { return e.Type == flat.Idle })
		if at == len(w.all()) && !w.holds() {
			return
		}
	}
}

// holds reports whether a capsule is held, and will be built once more.
func (w *modelWatch) holds() bool {
	held := map[string]bool{}
	for _, e := range w.all() {
		switch e.Type {
		case flat.Held:
			held[e.Dir] = true
		case flat.BuildStarted, flat.CapsuleRemoved, flat.Unchanged:
			delete(held, e.Dir)
		}
	}
	return len(held) > 0
}

func (w *modelWatch) signal(name string) {
	w.tree.note("signal %s", name)
	w.tree.must(w.cmd.Process.Signal(map[string]syscall.Signal{"STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT}[name]))
}

func (w *modelWatch) kill() {
	w.tree.note("kill -9")
	w.tree.must(w.cmd.Process.Kill())
	<-w.ended
}

func (w *modelWatch) end() {
	w.tree.must(w.cmd.Process.Signal(os.Interrupt))
	if err := <-w.ended; err != nil {
		w.fatalf("ending: %v", err)
	}
}

// fatalf ends the test with all that was done and said in this run.
func (w *modelWatch) fatalf(format string, args ...any) {
	w.t.Helper()
	var said strings.Builder
	for _, e := range w.all() {
		if e.Code == "duplicate-name" {
			continue
		}
		fmt.Fprintf(&said, "%d %s %s %s %.8s %s %s %.8s %s %d %v %q %q\n", e.Seq, e.Time.Format("05.000"), e.Type, strings.TrimPrefix(e.Dir, w.tree.root), e.SourceHash, e.Reason, e.Message,
			e.ArtifactHash, e.Step, e.ExitCode, e.Diagnostics, e.Tail, e.Files)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.t.Fatalf("%s\ndone:\n%s\nsaid:\n%s\nstderr:\n%s", fmt.Sprintf(format, args...), strings.Join(w.tree.log, "\n"), said.String(), panics(w.stderr.String()))
}

// panics is the part of stderr that says why a program died.
func panics(stderr string) string {
	if at := strings.Index(stderr, "goroutine "); at >= 0 {
		return stderr[max(0, at-500):]
	}
	return ""
}
