// Package hook is the reader of the hub that runs a command after each reload, when one is live, when
// a capsule fails, or when one is mended.
//
// The files call one way, from top to bottom:
//
//	hook.go   which runs are owed, one after the other for a capsule
//	run.go    one run of the command
//	after.go  what it can be run after
//	about.go  what it is told
package hook

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

// DefaultTimeout bounds one run of a hook. Installing a capsule into a
// running system takes seconds.
const DefaultTimeout = 30 * time.Second

// Options say what to run, and after what.
type Options struct {
	After Event // zero: Reload

	// Command is split into words as a shell would, quotes and backslashes
	// included. There is no shell: nothing is expanded or substituted, and
	// pipes, redirections, lists and groups outside quotes are an error.
	Command string
	Dir     string        // working folder; "" is this process's own
	Env     []string      // complete; the event's variables are added
	Timeout time.Duration // of one run; 0: DefaultTimeout
	Each    bool          // also after a build that made the same modules again, which is no reload

	// Say is told of each run for the capsule of e that ended (event.HookEnded), and before
	// that what was wrong with it (event.Warning). It is called from the hook's goroutines
	// and may block; while it does, that capsule's next run waits. nil: nobody is told.
	Say func(e event.Event, body event.Body)
	// Running is told when a run for the capsule in dir begins, before the command does, and when
	// it has ended, which is after Say was told, and after Busy counts it no more. It may block;
	// nil: nobody is told.
	Running func(dir string, running bool)
	// Output returns where a capsule's hook writes, stdout and stderr alike,
	// safe for concurrent use; nil: nowhere.
	Output func(capsule string) io.Writer
}

// Hook runs a command after each reload, with the event as one line of JSON on
// its standard input and CAPSULE_NAME, CAPSULE_DIR, CAPSULE_ARTIFACT,
// ARTIFACT_HASH, SOURCE_HASH, GENERATION and QUALITY (debug or release) in its environment. One runs at a
// time for a capsule, and it runs to its end; of the reloads that come
// meanwhile only the newest is kept. Its failure is a warning and nothing more. Each run
// ends in event.HookEnded.
type Hook struct {
	o      Options
	argv   []string
	serve  func(hub.Item) // starts a goroutine for a capsule; Close ends it with cancel
	cancel context.CancelFunc
	events *hub.Subscription
	failed map[string]bool // by folder: for Mended; the hub calls who uses it, one call at a time
	read   sync.WaitGroup  // the goroutine that takes events
	runs   sync.WaitGroup

	mu      sync.Mutex           // guards all below
	waiting map[string]*hub.Item // by folder; the key is there while its goroutine runs
	due     map[string]uint64    // by folder: the newest event that a run is owed to, until that run has ended
	closed  bool
}

// New runs the command after each event of its kind that events publishes. A command line that
// cannot be read is an error. The caller closes the Hook.
func New(events *hub.Hub, o Options) (*Hook, error) {
	argv, err := words(o.Command)
	if err != nil {
		return nil, fmt.Errorf("reading the command %q: %w", o.Command, err)
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.After.wants == nil {
		o.After = Reload
	}
	ctx, cancel := context.WithCancel(context.Background())
	h := &Hook{o: o, argv: argv, cancel: cancel, waiting: map[string]*hub.Item{}, due: map[string]uint64{}, failed: map[string]bool{}}
	h.events = events.Subscribe(0, hub.Latest(h.wants))
	h.serve = func(reload hub.Item) { h.runs.Go(func() { h.runAll(ctx, reload) }) }
	h.read.Go(h.follow)
	return h, nil
}

// wants reports whether the command is run after e, and owes that run from now on. The hub asks
// while e is published, so that nobody who has published it finds the Hook at rest.
func (h *Hook) wants(e event.Event) bool {
	if !h.o.After.wants(h, e) {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.due[e.Dir] = e.Seq
	return true
}

// Busy reports whether a run is under way, or owed to an event that was published.
func (h *Hook) Busy() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.due) > 0
}

// follow takes reloads as they come, until there will be no more.
func (h *Hook) follow() {
	for h.events.Wait(context.Background()) == nil {
		if reload, ok := h.events.Next(); ok {
			h.take(reload)
		}
	}
}

// take has a reload run, at once or when the run for its capsule has ended.
func (h *Hook) take(reload hub.Item) {
	dir := reload.Event.Dir
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return
	}
	if _, running := h.waiting[dir]; running {
		h.waiting[dir] = &reload
		return
	}
	h.waiting[dir] = nil
	h.serve(reload)
}

// runAll runs reload, and what came meanwhile, until nothing waits for its capsule.
func (h *Hook) runAll(ctx context.Context, reload hub.Item) {
	dir := reload.Event.Dir
	for {
		h.run(ctx, reload)
		h.mu.Lock()
		next := h.waiting[dir]
		if next == nil || h.closed {
			delete(h.waiting, dir)
			h.mu.Unlock()
			return
		}
		h.waiting[dir] = nil
		h.mu.Unlock()
		reload = *next
	}
}

// Wait returns when the hub was closed and no run is under way or waiting, or with ctx's
// error: so that the end of the program does not cut a run short.
func (h *Hook) Wait(ctx context.Context) error {
	idle := make(chan struct{})
	go func() { h.read.Wait(); h.runs.Wait(); close(idle) }()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close drops what waits, ends what runs, and returns when every process and
// goroutine of the Hook has ended. Events after it are not run.
func (h *Hook) Close() error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.events.Close()
	h.cancel()
	h.read.Wait()
	h.runs.Wait()
	return nil
}
