// Package session is the whole program without a command line: a loop over real folders
// with a builder, a watcher, and the readers of its events. A command, a daemon, an
// editor or a test starts one with Watch or Build.
package session

import (
	"context"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/builder/slots"
	"github.com/astrid-runtime/astrid-dev/orchestrator"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
	"github.com/astrid-runtime/astrid-dev/orchestrator/live"
	"github.com/astrid-runtime/astrid-dev/orchestrator/notify"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Options are those of every session. Only Roots must be given.
type Options struct {
	Roots     []string // folders to look for capsules in; absolute
	Nested    bool     // also in work trees of other repositories
	Only      []string // patterns: of the capsules only those whose name, folder or path one of them fits, and those whose modules they take; none: all
	Jobs      int      // builds at once; 0: half the processors
	Debug     bool     // where somebody waits debug modules come first, and releases when all is quiet; for Watch
	Strict    bool     // what the kernel would not run fails the build
	Retry     bool     // builds also what failed before and has not changed since
	Runtime   []string // the releases of the runtime that must take each capsule
	Installed string   // the one that judges when neither Runtime nor the manifest names any

	Shared *shared.Cache // where results that machines share are found and offered; its Warn is the session's; nil: nowhere

	Slots *slots.Slots // places for builds that this user's other astrid-dev take too; nil: this process minds its own

	Live *live.Options // keeps a runtime up with what is built; Say, Output and Judge are the session's; nil: none

	// Hub is where events are published; the session closes it at its end. nil: one of
	// the session's own, for its own readers.
	Hub *hub.Hub
	// Lines gets every event as a line of JSON; nil: nobody does.
	Lines io.Writer
	// Timings gets how long builds take, as package timings writes it; nil: nobody does.
	Timings io.Writer
	// Notify tells a person who looks elsewhere when capsules fail, and when all are sound
	// again; Warn is the session's own. nil: nobody is told.
	Notify *notify.Options
	// Person is told what happens, as Console says; nil: nobody is.
	Person  io.Writer
	Console console.Options
}

// warningsHeld is how many warnings may wait for the loop: more than a round
// of it ever makes, so that nobody who warns has to wait.
const warningsHeld = 256

// session is one run of the loop. Its goroutines end with ctx.
type session struct {
	Options
	ctx      context.Context
	cancel   func()
	cfg      orchestrator.Config
	warnings chan orchestrator.Warning
	hooks    chan orchestrator.HookRun
	requests chan orchestrator.Request
	asking   sync.WaitGroup // what keys ask for, and what is kept for the next watch
	readers  readers
	live     *live.Live
	builder  *builder.Builder
	said     map[string]string            // warnings about folders, by path; the search's alone
	found    atomic.Pointer[[]string]     // folders of capsules, chosen or not, of the newest search
	outline  atomic.Pointer[tree.Outline] // of the folders that it saw
}

// open sets a session up. The caller closes it.
func open(ctx context.Context, o Options, h hooks) (*session, error) {
	if o.Hub == nil {
		o.Hub = hub.New()
	}
	s := &session{Options: o, warnings: make(chan orchestrator.Warning, warningsHeld), hooks: make(chan orchestrator.HookRun), requests: make(chan orchestrator.Request), said: map[string]string{}}
	s.ctx, s.cancel = context.WithCancel(ctx)
	if err := s.openReaders(h); err != nil {
		s.cancel()
		return nil, err
	}
	if o.Shared != nil {
		o.Shared.Warn = func(f finding.Finding) { s.warn(f.Code, f.Message, f.Hint) }
	}
	b := builder.New(builder.Options{Jobs: o.Jobs, Spare: !o.Console.Once, Debug: o.Debug, Strict: o.Strict, Retry: o.Retry, Runtime: o.Runtime, Installed: o.Installed, Shared: o.Shared, Slots: o.Slots, Say: func(dir string, f finding.Finding) {
		s.send(orchestrator.Warning{Dir: dir, Warning: event.Warning{Code: f.Code, Message: f.Message, Hint: f.Hint}})
	}})
	s.builder = b
	s.cfg = s.config(b)
	s.openLive(b)
	return s, nil
}

// config gives the loop what it needs of the real world.
func (s *session) config(b *builder.Builder) orchestrator.Config {
	search := tree.Search{Roots: s.Roots, Nested: s.Nested}
	cfg := orchestrator.Config{
		Jobs: s.Jobs, Roots: s.Roots, Warn: s.warnings, Hooks: s.hooks, Requests: s.requests,
		Find:    func(ctx context.Context) ([]string, error) { return s.find(ctx, search) },
		Examine: look(b), Build: b.Build, Glance: (*builder.Inputs).Glance,
		Publish: func(ctx context.Context, staged *builder.Staged, _ *builder.Inputs) (*builder.Published, error) {
			return b.Publish(ctx, staged)
		},
		Stands: b.Stands, Restore: b.Restore, Note: b.NoteCauses, Retried: b.Forget,
		LastChange: fsys.LastChange,
		Exists:     func(path string) bool { _, err := os.Lstat(path); return err == nil },
		Output:     s.readers.builds(),
	}
	if len(s.readers.hooks) > 0 {
		cfg.HooksRun = s.readers.busy
	}
	cfg.Wanted = s.wanted
	if !s.Nested {
		cfg.Foreign = tree.NewForeign(s.Roots).Is
	}
	return cfg
}

// run is the loop until the context ends; see is shown every event after it was published,
// from the loop's goroutine.
func (s *session) run(see func(event.Body)) error {
	s.cfg.Announce = func(e event.Event) {
		s.Hub.Publish(e)
		see(e.Body)
	}
	return orchestrator.Run(s.ctx, s.cfg)
}

// close ends a session whose loop ended with err. Events that could not be written are
// the reason then: whoever reads them must not take them for all.
func (s *session) close(err error) error {
	s.cancel()
	s.builder.Close()
	s.asking.Wait()
	s.live.Close() // it still says what became of the last install
	s.Hub.Close()
	if failed := s.readers.close(); failed != nil {
		return notWritten(failed)
	}
	return err
}

// send hands a warning to the loop, unless the session ends first.
func (s *session) send(w orchestrator.Warning) {
	select {
	case s.warnings <- w:
	case <-s.ctx.Done():
	}
}

func (s *session) warn(code finding.Code, message, hint string) {
	s.send(orchestrator.Warning{Warning: event.Warning{Code: code, Message: message, Hint: hint}})
}

// look examines a capsule after what a crash left half published there was completed.
// What that published is handed on with the first examination that succeeds.
func look(b *builder.Builder) func(ctx context.Context, dir string, told *builder.Told) (*builder.Inputs, error) {
	var completed sync.Map // capsule folder -> *builder.Published
	return func(ctx context.Context, dir string, told *builder.Told) (*builder.Inputs, error) {
		recovered, err := b.Recover(ctx, dir)
		if err != nil {
			return nil, err
		}
		if recovered != nil {
			completed.Store(dir, recovered)
		}
		in, err := b.ExamineTold(ctx, dir, told)
		if err != nil {
			return nil, err
		}
		if p, ok := completed.LoadAndDelete(dir); ok {
			in.Recovered, _ = p.(*builder.Published)
		}
		return in, nil
	}
}

// find is the loop's search for capsules. Folders that cannot be read, and links that
// look like capsules, are named once and passed over.
func (s *session) find(ctx context.Context, search tree.Search) ([]string, error) {
	search.Known = s.outline.Load()
	found, err := paths.Search(ctx, search)
	if err != nil {
		return nil, err
	}
	for _, e := range found.Closed {
		s.warnOnce(e.Path, finding.UnreadableFolder, e.Error(), paths.ClosedHint)
	}
	for _, link := range found.Linked {
		if !s.Console.Once { // who builds once was told before
			s.warnOnce(link, finding.LinkedCapsule, paths.LinkedMessage(link), paths.LinkedHint)
		}
	}
	s.found.Store(&found.Dirs)
	s.outline.Store(found.Outline)
	return paths.Chosen(s.Only, s.Roots, found.Dirs), nil
}

// wanted reports whether a capsule that has just come in dir is one that Only chooses, beside those that
// the newest search found.
func (s *session) wanted(dir string) bool {
	var dirs []string
	if found := s.found.Load(); found != nil {
		dirs = *found
	}
	return slices.Contains(paths.Chosen(s.Only, s.Roots, append(slices.Clone(dirs), dir)), dir)
}

// warnOnce warns of something that later searches come upon again. Searches never overlap.
func (s *session) warnOnce(about string, code finding.Code, message, hint string) {
	if s.said[about] != message {
		s.said[about] = message
		s.warn(code, message, hint)
	}
}

// hooks are commands to run after each reload, when one is live, after a failure and after the
// first success that follows one; none where they are "".
type hooks struct {
	reload, live, failed, mended string
	timeout                      time.Duration
	each                         bool // the first also after a build that made the same modules again
}
