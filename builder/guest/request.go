package guest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
)

// guarded is do, with a panic of the engine as an error.
func (s *session) guarded(ctx context.Context, q request) (o *Outcome) {
	defer func() {
		if p := recover(); p != nil {
			o = &Outcome{Error: fmt.Sprintf("the engine broke: %v", p), Stderr: string(debug.Stack())}
			s.guest, s.loop = nil, nil // what is left of them cannot be trusted to end
		}
	}()
	return s.do(ctx, q)
}

// do carries out one request within its time.
func (s *session) do(ctx context.Context, q request) *Outcome {
	began := time.Now()
	o := &Outcome{RunLoop: s.runLoop()}
	ctx, cancel := engine.Bounded(ctx, s.options.Limits.Wall, engine.ProcessorTime())
	defer cancel()
	if q.Fresh {
		s.end()
	}
	if err := s.surround(ctx, q); err != nil {
		o.Error = err.Error()
		return o
	}
	err := s.bus.open(ctx)
	if err == nil {
		err = s.perform(ctx, q, o)
	}
	if err == nil {
		err = s.bus.settle(ctx)
	}
	if err != nil {
		s.fail(ctx, o, err)
	}
	o.Peers = s.bus.heard()
	o.Record = s.world.Record()
	o.State = s.world.State()
	o.Stdout, o.Stderr = s.out[0].take(), s.out[1].take()
	o.Millis = float64(time.Since(began).Microseconds()) / 1000
	o.Memory = s.sandbox.Peak()
	return o
}

// surround makes the world that a request asks for, with its peers.
func (s *session) surround(ctx context.Context, q request) error {
	if q.World == nil {
		return nil
	}
	if err := s.enter(*q.World); err != nil {
		return err
	}
	s.options.Host = *q.World
	return s.meet(ctx, q.Peers)
}

// fail tells why there is no answer, and ends the instance.
func (s *session) fail(ctx context.Context, o *Outcome, err error) {
	o.Error, _, _ = strings.Cut(err.Error(), "\n")
	switch {
	case ctx.Err() != nil:
		o.Late = true
		o.Error = fmt.Sprintf("it was not done after %s of a processor's time", s.options.Limits.Wall)
		if errors.Is(context.Cause(ctx), engine.ErrBusy) {
			o.Error = fmt.Sprintf("it was not done after %s, in which the machine gave it less than %s of a processor", engine.ClockPatience*s.options.Limits.Wall, s.options.Limits.Wall)
		}
	case errors.Is(err, engine.ErrMemory):
		o.Error = fmt.Sprintf("its memories need more than %d MiB to begin with", s.options.Limits.Memory>>20)
	default:
		s.trapped(o, err)
	}
	s.end()
}

// trapped tells of a guest that died, as opposed to one that could not be called.
func (s *session) trapped(o *Outcome, err error) {
	trap := s.sandbox.Trap(err, s.said())
	if trap == nil || len(trap.Stack) == 0 {
		return
	}
	o.Trap = trap
	o.Error = "it trapped: " + strings.TrimPrefix(trap.Message, "wasm error: ")
	if trap.At != nil {
		o.Error += ", at " + trap.At.String()
	}
	if peak := s.sandbox.Peak(); peak+peak/16 >= s.options.Limits.Memory {
		o.Error += fmt.Sprintf("; it had %d MiB of memory, of %d MiB that the runtime gives", peak>>20, s.options.Limits.Memory>>20)
	}
}
