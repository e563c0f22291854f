package session

import (
	"context"
	"errors"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/ask"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/orchestrator/serve"
	"github.com/astrid-runtime/astrid-dev/watcher"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// WatchOptions are those of Watch.
type WatchOptions struct {
	Options
	Missing        []string      // those of Roots that do not exist yet
	Quiet          time.Duration // announce when nothing changed for this long; 0: the default, here and below
	Settle         time.Duration // start an early build after this much quiet
	MaxWait        time.Duration // build at the latest this long after the first change
	Poll           bool          // look at every file again and again instead of asking the system for events
	PollInterval   time.Duration // how often
	NoInitialBuild bool          // build nothing until something changes
	Serve          *string       // where to show the watch in a browser, "" for a free port of 127.0.0.1; nil: nowhere
	Keys           <-chan rune   // single keys that a person types; may be nil
	Notes          []string      // what else the help of the keys tells

	OnReload     string        // a command to run after each reload; "": none
	OnFailed     string        // a command to run when a capsule fails or is held; "": none
	OnMended     string        // a command to run at the first success after that; "": none
	OnLive       string        // a command to run when a reload is live; "": none
	HookTimeout  time.Duration // of one run of any of them; 0: the default
	OnReloadEach bool          // the first also after a build that made the same modules again
}

// Watch builds what is out of date, and then what changes, until ctx ends, and returns
// nil then. It returns an error when nothing can be watched, or events cannot be written.
func Watch(ctx context.Context, o WatchOptions) (ended error) {
	var g garbage
	g.start()
	defer g.end()
	s, err := open(ctx, o.Options, hooks{o.OnReload, o.OnLive, o.OnFailed, o.OnMended, o.HookTimeout, o.OnReloadEach})
	if err != nil {
		return err
	}
	defer func() { ended = s.close(ended) }()
	s.outline.Store(keptOutline(s.Roots)) // the first search's is gone by where the watches are placed
	if err := s.show(o.Serve); err != nil {
		return err
	}
	for _, root := range o.Missing {
		s.warn(finding.MissingRoot, paths.Short(root)+" does not exist yet", "it is watched as soon as somebody makes it")
	}
	look, own := s.answer()
	stopped := s.watch(o, look, own)
	s.asking.Go(func() { // what those left that were killed
		fsys.SweepScratch()
		ask.Sweep()
	})
	forget := s.cfg.Retried
	s.cfg.Retried = func(dirs []string) {
		forget(dirs)
		s.live.Retry(dirs)
	}
	s.cfg.NoInitialBuild = o.NoInitialBuild
	if o.Keys != nil {
		s.asking.Go(func() { s.obey(o.Keys, o.Notes) })
	}
	s.cfg.Quiet, s.cfg.Settle, s.cfg.MaxWait = o.Quiet, o.Settle, o.MaxWait
	s.cfg.Find = s.prepared(s.cfg.Find)
	err = s.run(func(b event.Body) { s.seen(b, &g) })
	s.cancel()
	return errors.Join(err, stopped())
}

// prepared is find, of which the first call has the capsules that it found prepared: while one goroutine places the
// watches, after which all are examined, another processor has nothing to do.
func (s *session) prepared(find func(context.Context) ([]string, error)) func(context.Context) ([]string, error) {
	var first sync.Once
	return func(ctx context.Context) ([]string, error) {
		dirs, err := find(ctx)
		first.Do(func() { s.asking.Go(func() { s.builder.Prepare(s.ctx, dirs) }) })
		return dirs, err
	}
}

// show serves the page, and says where it is.
func (s *session) show(address *string) error {
	if address == nil {
		return nil
	}
	server, err := serve.Listen(serve.Options{Address: *address, Roots: s.Roots, Hub: s.Hub, Runtime: s.Runtime})
	if err != nil {
		return err
	}
	var serving sync.WaitGroup
	serving.Go(server.Serve)
	s.readers.shown = func() {
		server.Close()
		serving.Wait()
	}
	s.Hub.Publish(event.Event{Body: event.Serving{URL: server.URL}})
	return nil
}

// answer lets others ask this watch. A watch that cannot be asked is one all the same. look sees to its being found, now and then
// and when the file own is gone.
func (s *session) answer() (look func(), own string) {
	server, err := ask.Listen(ask.Options{Roots: s.Roots, Hub: s.Hub, Requests: s.requests, Stop: s.cancel})
	if err != nil {
		s.warn(finding.NotAsked, "this watch cannot be asked: "+err.Error(), notAskedHint)
		return nil, ""
	}
	var serving sync.WaitGroup
	serving.Go(func() { server.Serve(s.ctx) })
	s.readers.asked = func() {
		serving.Wait()
		server.Close()
	}
	warned := false
	return func() {
		if err := server.Stay(); err != nil && !warned {
			warned = true
			s.warn(finding.NotAsked, "this watch cannot be asked any more: "+err.Error(), notAskedHint)
		}
	}, server.Stands()
}

const notAskedHint = "status, wait and hold find no watch; give XDG_RUNTIME_DIR a short path to a folder of your own"

// watch starts the watcher, which calls tick now and then, and when the file own is gone. What it returns waits for its end.
func (s *session) watch(o WatchOptions, tick func(), own string) (stopped func() error) {
	batches := make(chan watcher.Batch)
	plans := make(chan watcher.Plan, 1)
	s.cfg.Batches = batches
	s.cfg.Plan = func(p watcher.Plan) {
		p.Known, p.Own = s.outline.Load(), own
		select {
		case <-plans: // an older one that the watcher has not taken yet
		default:
		}
		plans <- p
	}
	var err error
	var watching sync.WaitGroup
	watching.Go(func() {
		defer s.cancel() // without a watcher there is nothing to wait for
		err = watcher.Run(s.ctx, watcher.Config{Plans: plans, Poll: o.Poll, PollInterval: o.PollInterval, Warn: s.warn, Tick: tick}, batches)
	})
	return func() error {
		watching.Wait()
		return err
	}
}

// seen does what watching needs at some events.
func (s *session) seen(body event.Body, g *garbage) {
	switch b := body.(type) {
	case event.Ready:
		g.rest()
		s.asking.Go(func() { keepOutline(s.Roots, s.outline.Load()) })
		switch {
		case b.Capsules > 0:
		case len(s.Only) > 0:
			s.warn(finding.NoCapsules, "no capsule below "+paths.Joined(s.Roots)+" fits --only "+strings.Join(s.Only, " or "), "a pattern fits a capsule's name, its folder or its path; * stands for a part of a name")
		default:
			s.warn(finding.NoCapsules, "no folder below "+paths.Joined(s.Roots)+" holds a "+tree.ManifestName+" yet", "astrid-dev new NAME --lang go writes a capsule")
		}
	case event.Idle:
		go debug.FreeOSMemory() // reading sources leaves several times the memory that is kept, and nothing may come for hours
	}
}
