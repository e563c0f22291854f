package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hook"
	"github.com/astrid-runtime/astrid-dev/orchestrator/stream"
)

// hookGrace is how long a command that a reload started may go on when
// the program ends: long enough to notice the end, within the two seconds of P6.
const hookGrace = 500 * time.Millisecond

// readers are those of the session's own; each may be nil.
type readers struct {
	console *console.Console
	stream  *stream.Stream
	hook    *hook.Hook
}

func (s *session) openReaders(h onReload) error {
	if s.Person != nil {
		s.readers.console = console.New(s.Person, s.Hub, s.Console)
	}
	if h.command != "" {
		var err error
		s.readers.hook, err = hook.New(s.Hub, hook.Options{Command: h.command, Env: os.Environ(), Timeout: h.timeout, Each: h.each,
			Warn: s.hookFailed, Running: s.hooked, Output: s.readers.output()})
		if err != nil {
			s.readers.close()
			return usage.New(err)
		}
	}
	if s.Lines != nil {
		s.readers.stream = stream.New(s.Lines, s.Hub, func(error) { s.cancel() }) // nobody reads any more
	}
	return nil
}

// output is where what a capsule's build and hook print goes.
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
	if r.hook != nil {
		ctx, cancel := context.WithTimeout(context.Background(), hookGrace)
		r.hook.Wait(ctx)
		cancel()
		r.hook.Close()
	}
	if r.console != nil {
		r.console.Close() // who cannot be written to cannot be told so either
	}
	if r.stream != nil {
		if err := r.stream.Close(); !errors.Is(err, syscall.EPIPE) {
			return err
		}
	}
	return nil
}

func notWritten(err error) error {
	return usage.Hint(fmt.Errorf("writing events: %w", err), "give stdout to a program that reads it, or a disk that has space")
}

// hookFailed warns of a run of the --on-reload command after e.
func (s *session) hookFailed(e event.Event, w event.Warning) {
	s.send(orchestrator.Warning{Capsule: e.Capsule, Dir: e.Dir, Warning: w})
}

// hooked tells the loop of a run of the --on-reload command.
func (s *session) hooked(dir string, running bool) {
	select {
	case s.hooks <- orchestrator.HookRun{Dir: dir, Running: running}:
	case <-s.ctx.Done():
	}
}
