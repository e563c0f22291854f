// Package hook is the reader of the hub that runs a command after each reload, when one is live, when
// a capsule fails, or when one is mended.
package hook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/mattn/go-shellwords"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

const (
	// DefaultTimeout bounds one run of a hook. Installing a capsule into a
	// running system takes seconds.
	DefaultTimeout = 30 * time.Second

	tailKept = 2 << 10 // bytes of a failed hook's output that its warning shows
)

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

// Event is what a command is run after, and what it is called.
type Event struct {
	Flag  string // that names the command
	After string // as event.HookEnded has it
	what  string // in a warning, before the reload's number
	wants func(h *Hook, e event.Event) bool
}

// What a command can be run after.
var (
	Reload = Event{"--on-reload", "reload", "reload", (*Hook).reloads}
	Live   = Event{"--on-live", "live", "live reload", func(_ *Hook, e event.Event) bool { return e.Body.Kind() == (event.Live{}).Kind() }}
	Failed = Event{"--on-failed", "failed", "failure", func(_ *Hook, e event.Event) bool { return fails(e) }}
	Mended = Event{"--on-mended", "mended", "mending", (*Hook).mends}
)

// reloads reports whether e is a reload, or what each build is run after.
func (h *Hook) reloads(e event.Event) bool {
	again, same := e.Body.(event.Unchanged)
	return e.Body.Kind() == (event.Reload{}).Kind() || same && again.Rebuilt && h.o.Each
}

// fails reports whether e says that a capsule failed or is held.
func fails(e event.Event) bool {
	switch b := e.Body.(type) {
	case event.BuildFailed:
		return b.Reason == "" // else it is said again of an earlier build
	case event.SmokeFailed:
		return b.Reason == ""
	case event.Held:
		return true
	}
	return false
}

// mends reports whether e is the first success of a capsule after a failure.
func (h *Hook) mends(e event.Event) bool {
	switch b := e.Body.(type) {
	case event.BuildFailed, event.SmokeFailed, event.Held:
		h.failed[e.Dir] = true
		return false
	case event.CapsuleRemoved:
		delete(h.failed, e.Dir)
		return false
	case event.Reload:
	case event.Unchanged:
		if b.State != "" && b.State != event.Good {
			return false
		}
	default:
		return false
	}
	before := h.failed[e.Dir]
	delete(h.failed, e.Dir)
	return before
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

// about is what a command is told of e beside the event itself. Of a live one the file is not
// told: what stands published may be newer.
type about struct {
	artifact, hash, source string
	generation             int
	quality                event.Quality
}

func aboutOf(e event.Event) about {
	switch b := e.Body.(type) {
	case event.Reload:
		return about{b.Path, b.Hash, b.SourceHash, b.Generation, b.Quality}
	case event.Unchanged: // made again
		return about{b.Path, b.Hash, b.SourceHash, b.Generation, b.Quality}
	case event.BuildFailed:
		return about{source: b.SourceHash}
	case event.SmokeFailed:
		return about{source: b.SourceHash}
	case event.Held:
		return about{source: b.SourceHash}
	case event.Live:
		return about{"", b.Hash, b.SourceHash, b.Generation, b.Quality}
	}
	return about{}
}

func variables(e event.Event) []string {
	a := aboutOf(e)
	return []string{
		"CAPSULE_NAME=" + e.Capsule,
		"CAPSULE_DIR=" + e.Dir,
		"CAPSULE_ARTIFACT=" + a.artifact,
		"ARTIFACT_HASH=" + a.hash,
		"SOURCE_HASH=" + a.source,
		"GENERATION=" + strconv.Itoa(a.generation),
		"QUALITY=" + string(a.quality),
	}
}

// of is what a command was run after: the reload with a number, where there is one.
func (e Event) of(generation int) string {
	if generation == 0 {
		return "a " + e.what
	}
	return fmt.Sprintf("%s #%d", e.what, generation)
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
