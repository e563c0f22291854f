package live

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

// Options say what is kept live, and how.
type Options struct {
	Runtime  Runtime
	Values   map[string]string // for the manifests' [env], before those of the settings
	Rollback bool              // the user's runtime gets the last good package back

	// Judge says what is wrong with the module of the capsule in dir, which was not built in this
	// run; nil: nobody does.
	Judge func(ctx context.Context, dir, module string) ([]finding.Finding, error)
	// Sources is the hash of the sources that lie in dir now; nil: nobody asks.
	Sources func(ctx context.Context, dir string) (string, error)
	// Say announces body about the capsule called name in dir. It may be called concurrently.
	Say func(dir, name string, body event.Body)
	// Output returns where a capsule's own log lines go, safe for concurrent use.
	Output func(name string) io.Writer
}

// grace is how long an install of the user's runtime may go on when the program ends: a
// package that is refused then is put back too, where that is quick.
const grace = time.Second

// Live installs what is reloaded. It is made by New and ended by Close.
type Live struct {
	o      Options
	events *hub.Subscription
	ctx    context.Context // of everything that is done
	cancel context.CancelFunc
	end    chan struct{} // closed: nothing new is begun
	wake   chan struct{} // buffered by one: the plan changed
	work   sync.WaitGroup

	// follow's alone
	taken     map[string]*announced // by folder: the newest whose sources had not moved
	contracts contracts

	mu    sync.Mutex // guards all below; nothing is waited for under it
	plan  *plan
	said  map[string]string // by folder: why it is not installed, as it was said last
	waits string            // what was said of the wait that goes on
	apart bool              // it was said that not all are in one process
}

// New installs each reload that events publishes, and what is up to date. The caller closes
// the Live before the hub, so that what became of the last install is still announced.
func New(events *hub.Hub, o Options) *Live {
	ctx, cancel := context.WithCancel(context.Background())
	l := &Live{o: o, ctx: ctx, cancel: cancel, end: make(chan struct{}), wake: make(chan struct{}, 1),
		events: events.Subscribe(0, hub.Latest(publishes)),
		plan:   newPlan(o.Runtime.own(), o.Rollback && !o.Runtime.own()), said: map[string]string{}, taken: map[string]*announced{}, contracts: contracts{}}
	l.work.Go(l.follow)
	l.work.Go(l.install)
	return l
}

// publishes reports whether an event tells what a capsule publishes now, or that it is gone.
func publishes(e event.Event) bool {
	switch b := e.Body.(type) {
	case event.Reload, event.CapsuleRemoved:
		return true
	case event.Unchanged:
		return b.Hash != ""
	}
	return false
}

// Close ends it: an install that is under way in the user's runtime is given a second to end.
// It may be called twice, and on nil.
func (l *Live) Close() {
	if l == nil || l.ended() {
		return
	}
	close(l.end)
	l.events.Close()
	late := time.AfterFunc(grace, l.cancel)
	defer late.Stop()
	if l.o.Runtime.own() {
		l.cancel()
	}
	l.work.Wait()
	l.cancel()
}

// follow takes reloads as they come, until there will be no more.
func (l *Live) follow() {
	for l.events.Wait(l.ctx) == nil {
		if item, ok := l.events.Next(); ok {
			l.take(item.Event)
		}
	}
}

const notReadyReason = "it is not installed: the runtime would not load it"

// take has what e says that stands published installed, if it may be.
func (l *Live) take(e event.Event) {
	if _, gone := e.Body.(event.CapsuleRemoved); gone {
		l.forget(e.Dir)
		return
	}
	a := announcedBy(e)
	if a == nil {
		return
	}
	if last := l.taken[e.Dir]; last != nil && last.artifact == a.artifact {
		a.generation = max(a.generation, last.generation) // of an unchanged one it is not told
		if last.source == a.source {
			l.again(a, last)
			return
		}
	}
	var err error
	a.found, err = l.parcel(l.ctx, a)
	switch {
	case l.ctx.Err() != nil:
	case l.moved(a.offer): // what comes of the newer sources takes its place
	case err != nil:
		l.sayNot(a.offer, "it cannot be packed: "+err.Error(), "", nil)
	case len(a.found) > 0:
		l.taken[a.dir] = a
		l.sayNot(a.offer, notReadyReason, a.found[0].Hint, a.found)
	default:
		l.taken[a.dir] = a
		l.offer(a.offer)
	}
}

// again takes what was taken before, as last, and was announced once more. Somebody who looks
// at everything again must not have all of it loaded and packed again.
func (l *Live) again(a, last *announced) {
	if len(last.found) > 0 {
		return // it was said
	}
	a.manifest, a.archive, a.digest = last.manifest, last.archive, last.digest
	l.offer(a.offer)
}

func (l *Live) forget(dir string) {
	delete(l.taken, dir)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plan.forget(dir)
	delete(l.said, dir)
}

// moved reports whether what was packed beside the module of o may be newer than it: the sources
// are not those any more that it was announced for, and other files lie beside the module than
// when they were.
func (l *Live) moved(o *offer) bool {
	if l.o.Sources == nil {
		return false
	}
	now, err := l.o.Sources(l.ctx, o.dir)
	if err == nil && now == o.source {
		return false
	}
	last := l.taken[o.dir]
	return last == nil || !slices.Equal(last.beside(), o.beside())
}

// Retry has what the runtime refused installed once more, in the capsules in dirs.
func (l *Live) Retry(dirs []string) {
	if l == nil {
		return
	}
	l.mu.Lock()
	l.plan.retry(dirs)
	for _, dir := range dirs {
		delete(l.said, dir)
	}
	l.mu.Unlock()
	l.nudge()
}

// offer hands o to the plan.
func (l *Live) offer(o *offer) {
	l.mu.Lock()
	is := l.plan.offer(o)
	delete(l.said, o.dir)
	l.mu.Unlock()
	switch {
	case is == waits:
		l.nudge()
	case !o.news:
	case is == already:
		l.o.Say(o.dir, o.name, l.liveEvent(o, "these bytes run already", nil))
	case is == refused:
		l.sayNot(o, "the runtime refused the same bytes before", "edit it, or have it tried again with r; what it said stands above", nil)
	}
}

func (l *Live) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}
