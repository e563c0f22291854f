package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hook"
	"github.com/astrid-runtime/astrid-dev/orchestrator/notify"
	"github.com/astrid-runtime/astrid-dev/orchestrator/stream"
	"github.com/astrid-runtime/astrid-dev/orchestrator/timings"
)

// hookGrace is how long a command that a reload started may go on when
// the program ends: long enough to notice the end, within the two seconds of P6.
const hookGrace = 500 * time.Millisecond

// readers are those of the session's own; each may be nil.
type readers struct {
	console *console.Console
	stream  *stream.Stream
	hooks   []*hook.Hook
	notify  *notify.Notifier
	timings *timings.Writer
	running running
	asked   func() // ends what others are answered
	shown   func() // ends the page
}

// running counts the commands that run for each capsule, by folder.
type running struct {
	mu    sync.Mutex // also held while the loop is told, so that it is told in order
	count map[string]int
}

func (s *session) openReaders(h hooks) error {
	if s.Person != nil {
		s.readers.console = console.New(s.Person, s.Hub, s.Console)
	}
	s.readers.running.count = map[string]int{}
	for _, c := range []struct {
		after   hook.Event
		command string
	}{{hook.Reload, h.reload}, {hook.Live, h.live}, {hook.Failed, h.failed}, {hook.Mended, h.mended}} {
		if c.command == "" {
			continue
		}
		made, err := hook.New(s.Hub, hook.Options{After: c.after, Command: c.command, Env: os.Environ(), Timeout: h.timeout, Each: h.each,
			Say: s.hookSays, Running: s.hooked, Output: s.readers.output()})
		if err != nil {
			s.readers.close()
			return usage.New(err)
		}
		s.readers.hooks = append(s.readers.hooks, made)
	}
	if s.Notify != nil {
		o := *s.Notify
		o.Warn = func(w event.Warning) { s.send(orchestrator.Warning{Warning: w}) }
		s.readers.notify = notify.New(s.Hub, o)
	}
	if s.Timings != nil {
		s.readers.timings = timings.New(s.Timings, s.Hub)
	}
	if s.Lines != nil {
		s.readers.stream = stream.New(s.Lines, s.Hub, func(error) { s.cancel() }) // nobody reads any more
	}
	return nil
}

// builds is where what a capsule's build prints goes.
func (r *readers) builds() func(capsule string) io.Writer {
	if r.console == nil {
		return func(string) io.Writer { return io.Discard }
	}
	return r.console.BuildWriter
}

// output is where what a capsule's hook prints goes, and what it logs in a runtime.
func (r *readers) output() func(capsule string) io.Writer {
	if r.console == nil {
		return func(string) io.Writer { return io.Discard }
	}
	return r.console.Writer
}

// close ends the readers in the order in which they speak to each other, when the hub was
// closed. A reader of the lines that went away is how pipes end, and no error of the
// session: who owns the writer knows what it means.
func (r *readers) close() error {
	for _, end := range []func(){r.asked, r.shown} {
		if end != nil {
			defer end()
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), hookGrace)
	for _, h := range r.hooks {
		h.Wait(ctx)
	}
	cancel()
	for _, h := range r.hooks {
		h.Close()
	}
	if r.notify != nil {
		r.notify.Close()
	}
	if r.console != nil {
		r.console.Close() // who cannot be written to cannot be told so either
	}
	var unwritten error
	if r.timings != nil {
		if err := r.timings.Close(); err != nil {
			unwritten = fmt.Errorf("writing timings: %w", err)
		}
	}
	if r.stream != nil {
		if err := r.stream.Close(); err != nil && !errors.Is(err, syscall.EPIPE) {
			return fmt.Errorf("writing events: %w", err)
		}
	}
	return unwritten
}

func notWritten(err error) error {
	return usage.Hint(err, "give stdout to a program that reads it, or a disk that has space")
}

// hookSays tells of a run of a command after e, at once: the loop hears that it has ended after
// this, and says then that all is idle.
func (s *session) hookSays(e event.Event, body event.Body) {
	s.Hub.Publish(event.Event{Capsule: e.Capsule, Dir: e.Dir, Body: body})
}

// busy reports whether a command runs that an event started, or is due.
func (r *readers) busy() bool {
	return slices.ContainsFunc(r.hooks, (*hook.Hook).Busy)
}

// hooked tells the loop that commands run for the capsule in dir, and when the last of them
// has ended.
func (s *session) hooked(dir string, running bool) {
	r := &s.readers.running
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.count[dir]
	if running {
		r.count[dir]++
	} else {
		r.count[dir]--
	}
	if (r.count[dir] > 0) == (before > 0) {
		return
	}
	select {
	case s.hooks <- orchestrator.HookRun{Dir: dir, Running: running}:
	case <-s.ctx.Done():
	}
}
