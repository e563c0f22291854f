package watcher

import (
	"context"
	"errors"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Batch is what changed since the batch before. The receiver owns Paths.
type Batch struct {
	// Paths are absolute, spelled as the roots and outside paths were in the
	// Plan, each once. A path that is, or was, a folder stands for all below it.
	Paths []string
	// Found are outside paths that a later plan brought, and that lead somewhere. Nothing is known to
	// have changed there, but what changed before the watch was placed is told by nobody else.
	Found []string
	// Lost: treat everything as changed; Paths is empty.
	Lost bool
}

// Plan says what to watch. Run may call Skip from its goroutines at any time
// until a later plan is applied; it must not be changed once handed over.
type Plan struct {
	// Roots are absolute folders, watched with all below them. They may be
	// symbolic links, may not exist yet, and may overlap.
	Roots []string
	// Outside are absolute files or folders to be watched too, wherever they
	// lie; Skip has no say in them, but folders named node_modules, target, dist
	// and .git below them are left out. They may not exist yet.
	Outside []string
	// Skip reports that path, below one of Roots, and all below it, is of no
	// interest. nil: folders named node_modules, target, dist and .git. It must
	// be fast; parents are asked about before their children.
	Skip func(path string, dir bool) bool
	// Own is a file of the program's own that is to stay where it is, and nobody's input; "": none. Config's Tick is called soon
	// after it was removed or replaced.
	Own string
	// Known is what a search saw of the roots shortly before, which need not be read again; nil: everything is read.
	Known *tree.Outline
}

// Config is what Run needs to know. Plans must not be nil.
type Config struct {
	// Plans: watching starts with the first one, later ones replace it; when
	// closed, the last one is kept.
	Plans <-chan Plan
	// Poll reads every folder again and again instead of asking for events.
	Poll bool
	// PollInterval is the time from the beginning of one reading to the next,
	// where there are no events; 0: DefaultPollInterval. A reading that takes
	// more than a tenth of it stretches it.
	PollInterval time.Duration
	// Warn is told, once each, of what makes watching slower than it could be:
	// a stable code, a sentence, and what to do about it. nil: nobody is. It
	// is called from Run's goroutine, which waits for it.
	Warn func(code finding.Code, message, hint string)

	// Tick is called whenever an idle watcher wakes, every ten seconds, and when Plan's Own is gone, so that who has to look at something now and
	// then needs no clock of its own. It is called from Run's goroutine, which waits for it. nil: nobody has.
	Tick func()

	seams seams
}

// DefaultPollInterval is the ecosystem's debounce: polling then adds no more
// to an edit's latency than the wait for quiet does.
const DefaultPollInterval = 500 * time.Millisecond

// Run watches what the plans say and sends what changed to out. It blocks until
// ctx ends and then returns nil; on return every goroutine it started has ended.
//
// Once every watch of the first plan is placed, Run sends Batch{Lost: true}. A
// later plan reports only what it adds: the paths of the files it finds there
// (outside paths as Found), or Lost. A receiver that is slow costs no memory: what waits is one batch,
// and more than some thousand paths in it become Lost.
func Run(ctx context.Context, cfg Config, out chan<- Batch) error {
	if cfg.Plans == nil {
		return errors.New("watching: no plans")
	}
	l := newLoop(cfg, out)
	defer l.close()
	return l.run(ctx)
}
