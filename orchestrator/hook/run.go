package hook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"

	"github.com/mattn/go-shellwords"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

const tailKept = 2 << 10 // bytes of a failed hook's output that its warning shows

// run is one run, from telling that it begins to telling that it has ended.
func (h *Hook) run(ctx context.Context, reload hub.Item) {
	e := reload.Event
	h.running(e.Dir, true)
	defer h.running(e.Dir, false)
	defer h.paid(e)
	began := time.Now()
	exit, reason, hint := h.start(ctx, reload)
	if ctx.Err() != nil { // Close was called: nobody wants to know
		return
	}
	if reason != "" {
		h.warn(e, reason, hint)
	}
	about := aboutOf(e)
	h.say(e, event.HookEnded{After: h.o.After.After, SourceHash: about.source, Generation: about.generation, ExitCode: exit, Reason: reason, HookMS: time.Since(began).Milliseconds()})
}

// paid owes the run after e no more.
func (h *Hook) paid(e event.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.due[e.Dir] == e.Seq { // else a newer one is owed
		delete(h.due, e.Dir)
	}
}

func (h *Hook) running(dir string, running bool) {
	if h.o.Running != nil {
		h.o.Running(dir, running)
	}
}

// start runs the command, and says with which code it ended, -1 for a signal or none, and why that
// is a failure, "" when it is none.
func (h *Hook) start(ctx context.Context, reload hub.Item) (exit int, reason, hint string) {
	e := reload.Event
	if reload.Line == nil {
		return -1, "the event is no JSON", ""
	}
	tail := proc.NewTail(tailKept)
	out := io.Writer(tail)
	if h.o.Output != nil {
		out = io.MultiWriter(tail, h.o.Output(e.Capsule))
	}
	both := &locked{w: out}
	r, err := proc.Run(ctx, proc.Command{Argv: h.argv, Dir: h.o.Dir, Env: append(h.o.Env[:len(h.o.Env):len(h.o.Env)], variables(e)...),
		Stdin: reload.Line, Stdout: both, Stderr: both, Timeout: h.o.Timeout})
	for _, s := range r.Strays {
		h.warn(e, fmt.Sprintf("it left process %d behind in a session of its own: %s", s.PID, s.Command), "")
	}
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return -1, err.Error(), "check the command of " + h.o.After.Flag + " and PATH"
	case err != nil:
		return -1, err.Error(), ""
	case r.TimedOut:
		return -1, fmt.Sprintf("it was ended after %s", h.o.Timeout), "a longer time is set with --on-reload-timeout"
	case r.Signal != "":
		return -1, r.Signal + " ended it" + said(tail), ""
	case r.ExitCode != 0:
		return r.ExitCode, fmt.Sprintf("it ended with exit code %d", r.ExitCode) + said(tail), ""
	}
	return 0, "", ""
}

// locked is one writer for both streams, so that their lines keep their order.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

// said is the last line of a hook's output, as a reason.
func said(tail *proc.Tail) string {
	last := bytes.TrimSpace(tail.Bytes())
	if i := bytes.LastIndexByte(last, '\n'); i >= 0 {
		last = last[i+1:]
	}
	if len(last) == 0 {
		return ""
	}
	return ": " + text.Live(string(last), false)
}

func (h *Hook) warn(e event.Event, message, hint string) {
	h.say(e, event.Warning{Code: finding.HookFailed,
		Message: fmt.Sprintf("the command after %s failed: %s", h.o.After.of(aboutOf(e).generation), message), Hint: hint})
}

func (h *Hook) say(e event.Event, body event.Body) {
	if h.o.Say != nil {
		h.o.Say(e, body)
	}
}

// words splits a command line.
func words(line string) ([]string, error) {
	p := shellwords.NewParser()
	argv, err := p.Parse(line)
	switch {
	case err != nil:
		return nil, errors.New("quotes or brackets do not match, or it needs a shell: write sh -c '...'")
	case p.Position >= 0:
		return nil, fmt.Errorf("%q needs a shell: write sh -c '...'", line[min(p.Position, len(line)-1):])
	case len(argv) == 0 || argv[0] == "":
		return nil, errors.New("it is empty")
	}
	return argv, nil
}
