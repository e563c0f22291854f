package orchestrator

import (
	"context"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/watcher"
)

// effect is something that a step asks for. It is either done at once, or in the
// background, and its result is then a happening.
type effect any

// background is an effect that takes its time: it runs in a goroutine of its own.
type background interface {
	run(ctx context.Context, cfg *Config) happening
}

type (
	// say announces an event.
	say struct{ event event.Event }
	// setPlan tells the watcher what to watch.
	setPlan struct{ plan watcher.Plan }
	// cancel stops the capsule's build; its result comes all the same.
	cancel struct{ c *capsule }
	// reply answers a question.
	reply struct {
		question *Question
		verdicts []Judged
	}
	// discard throws away what nobody will publish.
	discard struct{ staged *builder.Staged }
)

type (
	find    struct{}
	examine struct {
		c      *capsule
		told   *builder.Told // what may have changed; nil: anything
		edited time.Time
	}
	glance struct {
		c     *capsule
		in    *builder.Inputs // what was known before
		paths []string
	}
	build struct {
		c    *capsule
		in   *builder.Inputs
		name string // of the capsule, for its live output
	}
	publish struct {
		c      *capsule
		staged *builder.Staged
		in     *builder.Inputs
	}
	inspect struct {
		c     *capsule
		key   string
		since time.Time
	}
	restore struct {
		c   *capsule
		key string
	}
)

// note records what a verdict goes by, when it was said.
type note struct{ in *builder.Inputs }

// What is under way is noted to its end, also while the program ends.
func (e note) run(ctx context.Context, cfg *Config) happening {
	cfg.Note(context.WithoutCancel(ctx), e.in)
	return noted{}
}

func (find) run(ctx context.Context, cfg *Config) happening {
	dirs, err := cfg.Find(ctx)
	return found{dirs, err}
}

func (e examine) run(ctx context.Context, cfg *Config) happening {
	in, err := cfg.Examine(ctx, e.c.dir, e.told)
	return examined{e.c, in, err, e.edited}
}

func (e glance) run(_ context.Context, cfg *Config) happening {
	return glanced{e.c, e.in, cfg.Glance(e.in, e.paths)}
}

func (e build) run(ctx context.Context, cfg *Config) happening {
	staged, err := cfg.Build(ctx, e.in, cfg.Output(e.name))
	return built{e.c, outcome{staged, err}}
}

// A rename that has begun is finished even while the program ends.
func (e publish) run(ctx context.Context, cfg *Config) happening {
	modules, err := cfg.Publish(context.WithoutCancel(ctx), e.staged, e.in)
	return published{e.c, modules, err}
}

func (e inspect) run(_ context.Context, cfg *Config) happening {
	return inspected{e.c, e.key, cfg.Stands(e.c.dir, e.key), e.since}
}

func (e restore) run(ctx context.Context, cfg *Config) happening {
	modules, files, err := cfg.Restore(ctx, e.c.dir, e.key)
	return restored{e.c, modules, files, err}
}
