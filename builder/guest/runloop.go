package guest

import (
	"context"
	"errors"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
)

// readyWithin is how long a run loop may take, in the world's time, until it signals that it
// is ready (crate astrid-kernel, lib.rs: RUN_LOOP_READY_TIMEOUT).
const readyWithin = 500 * time.Millisecond

// maxRounds is how often a run loop may wait while messages are left for it: one that asks its
// subscriptions in turn, or sleeps between two looks, comes to all of them.
const maxRounds = 64

// loop is a run export that runs on. It and its session take turns, so that only one of them
// touches the world: it runs while the session waits, and waits inside a function of the host
// while the session works.
type loop struct {
	session *session
	turn    chan bool        // to the guest: go on; false: end
	waits   chan host.Signal // to the session: it waits, or signalled that it is ready
	ended   chan error       // to the session: it returned
	over    bool
	cancel  context.CancelFunc
}

var errEnded = errors.New("the run loop is ended")

// begin calls run, as far as its signal that it is ready. A loop is not bounded by the call
// that began it: each request bounds the time until it waits again.
func begin(ctx context.Context, s *session) (*loop, error) {
	f, run, ok := s.guest.Exported("run")
	if !ok || run == nil || !engine.IsPlain(f.Type) || f.Options.Async {
		return nil, errors.New("its run export cannot be called: the runtime would refuse it")
	}
	l := &loop{session: s, turn: make(chan bool), waits: make(chan host.Signal), ended: make(chan error, 1)}
	under, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l.cancel = cancel
	s.guest.Within(under)
	s.world.OnWait(l.wait)
	go func() {
		_, err := s.guest.Call(under, run)
		l.ended <- err
	}()
	var waited time.Duration
	for {
		signal, err := l.next(ctx)
		switch {
		case err != nil:
			return l, err
		case signal.Ready:
			return l, l.settle(ctx)
		}
		if waited += signal.For; waited >= readyWithin {
			return l, errors.New("its run export waits for more than half a second without calling signal-ready: the runtime would refuse it")
		}
		l.turn <- true
	}
}

// wait is called by the guest's functions of the host, while it is the guest's turn.
func (l *loop) wait(s host.Signal) {
	l.waits <- s
	if !<-l.turn {
		panic(errEnded)
	}
}

// next lets the guest run until it gives way. That it returned is an error.
func (l *loop) next(ctx context.Context) (host.Signal, error) {
	select {
	case s := <-l.waits:
		return s, nil
	case err := <-l.ended:
		l.over = true
		if err == nil {
			err = errors.New("its run export returned, and has to run until the capsule is unloaded")
		}
		return host.Signal{}, err
	case <-ctx.Done():
		return host.Signal{}, ctx.Err()
	}
}

// settle lets the guest run until it waits for what nobody sends. What it does not read, it
// does not read in the next round either.
func (l *loop) settle(ctx context.Context) error {
	for range maxRounds {
		l.turn <- true
		for {
			s, err := l.next(ctx)
			if err != nil {
				return err
			}
			if s.Idle {
				break
			}
			l.turn <- true
		}
		if !l.session.world.Pending() {
			return nil
		}
	}
	return nil
}

// perform hands a message to the loop, and lets it do what it does.
func (l *loop) perform(ctx context.Context, q request, o *Outcome) error {
	if q.Message == nil {
		return nil
	}
	o.Handed = l.session.world.Deliver(*q.Message)
	return l.settle(ctx)
}

// end ends the guest, wherever it is, and waits for that.
func (l *loop) end() {
	l.cancel()
	for !l.over {
		select {
		case l.turn <- false:
		case <-l.waits:
		case <-l.ended:
			l.over = true
		}
	}
	l.session.world.OnWait(nil)
}
