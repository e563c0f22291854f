package orchestrator

import (
	"context"
	"runtime"
	"time"
)

// Run watches, builds and announces until ctx ends, then stops every build and
// returns nil. It returns an error only when nothing can be watched at all.
func Run(ctx context.Context, cfg Config) error {
	cfg = cfg.withDefaults()
	dirs, err := cfg.Find(ctx)
	if err != nil {
		return err
	}
	r := &runner{Config: cfg, loop: newLoop(cfg), timer: time.NewTimer(0), results: make(chan happening), builds: map[*capsule]context.CancelFunc{}}
	defer r.timer.Stop()
	defer r.join(ctx)
	r.tell(ctx, begun{dirs})
	for ctx.Err() == nil {
		r.tell(ctx, r.next(ctx))
	}
	return nil
}

// runner carries out what the loop's steps ask for. One goroutine owns it.
type runner struct {
	Config
	loop    *loop
	timer   *time.Timer
	results chan happening
	pending int                             // effects that will send one result each
	minor   int                             // of these nobody waits for so many
	later   []func()                        // starts more of those, when fewer are under way
	builds  map[*capsule]context.CancelFunc // those under way
}

// next waits for something to happen.
func (r *runner) next(ctx context.Context) happening {
	for {
		select {
		case <-ctx.Done():
			return passed{}
		case batch, ok := <-r.Batches:
			if ok {
				return changed{batch}
			}
			r.Batches = nil
		case h := <-r.results:
			return r.took(h)
		case <-r.Retry:
			return asked{}
		case run := <-r.Hooks:
			return hooked{run}
		case request := <-r.Requests:
			return request
		case w := <-r.Warn:
			return warned{w}
		case <-r.timer.C:
			return passed{}
		}
	}
}

// took notes that h, the result of an effect, has come.
func (r *runner) took(h happening) happening {
	r.pending--
	switch h := h.(type) {
	case built:
		r.builds[h.c]()
		delete(r.builds, h.c)
	case noted, inspected:
		r.minor--
		if len(r.later) > 0 {
			next := r.later[0]
			r.later = r.later[1:]
			next()
		}
	}
	return h
}

// tell has the loop take in h, and carries out what it asks for. The end comes before h,
// which may be a build that was killed for it; it may come at any moment, also while
// effects are carried out.
func (r *runner) tell(ctx context.Context, h happening) {
	happenings := r.besides(h)
	if ctx.Err() != nil { // asked when all of them have come
		r.loop.step(time.Now(), ended{})
	}
	effects, wait := r.loop.step(time.Now(), happenings...)
	for _, e := range effects {
		r.carryOut(ctx, e)
	}
	r.timer.Reset(wait)
}

// besides is h and what else has come by now. At start a thousand examinations end shortly one after the other, and each
// step goes over all capsules: so those that are about to end are let do so.
func (r *runner) besides(h happening) []happening {
	if !r.loop.ready {
		runtime.Gosched()
	}
	list := []happening{h}
	for {
		select {
		case h := <-r.results:
			list = append(list, r.took(h))
		default:
			return list
		}
	}
}

func (r *runner) carryOut(ctx context.Context, e effect) {
	switch e := e.(type) {
	case say:
		r.Announce(e.event)
	case setPlan:
		r.Plan(e.plan)
	case cancel:
		if stop := r.builds[e.c]; stop != nil { // else it has ended meanwhile
			stop()
		}
	case reply:
		e.question.Answer(e.verdicts)
	case discard:
		e.staged.Discard()
	case build:
		ctx, stop := context.WithCancel(ctx)
		r.builds[e.c] = stop
		r.start(ctx, e)
	case note, inspect:
		r.startMinor(ctx, e.(background))
	case background:
		r.start(ctx, e)
	}
}

// minorAtOnce is how many effects that nobody waits for run beside each other. After a branch switch
// hundreds are due at once, each with its room for what it reads.
const minorAtOnce = 4

// startMinor starts e, or has it started when fewer are under way.
func (r *runner) startMinor(ctx context.Context, e background) {
	start := func() {
		r.minor++
		r.start(ctx, e)
	}
	if r.minor >= minorAtOnce {
		r.later = append(r.later, start)
		return
	}
	start()
}

// start runs e in a goroutine of its own, whose result next returns.
func (r *runner) start(ctx context.Context, e background) {
	r.pending++
	go func() { r.results <- e.run(ctx, &r.Config) }()
}

// join waits for everything that is under way. ctx has ended by then, so builds are
// being killed; what they staged is thrown away.
func (r *runner) join(ctx context.Context) {
	for r.pending > 0 {
		r.tell(ctx, r.took(<-r.results))
	}
}
