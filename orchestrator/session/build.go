package session

import (
	"context"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/watcher"
)

// Outcome is how a Build ended.
type Outcome struct {
	Done     bool             // everything was built; false: ctx ended before
	Failed   int              // capsules that are failed or held
	Capsules []event.Standing // how each of them stands, as far as events told
}

// Build is Watch with a watcher that sees nothing, until nothing is pending.
func Build(ctx context.Context, o Options) (out Outcome, ended error) {
	o.Console.Once, o.Debug = true, false
	s, err := open(ctx, o, hooks{})
	if err != nil {
		return out, err
	}
	defer func() { ended = s.close(ended) }()
	batches := make(chan watcher.Batch, 1)
	batches <- watcher.Batch{Lost: true} // look at everything, once
	s.cfg.Batches, s.cfg.Blind = batches, true
	err = s.run(func(body event.Body) {
		if idle, ok := body.(event.Idle); ok {
			out.Failed, out.Done = idle.Failed, true
			s.cancel()
		}
	})
	if end, ok := s.Hub.Snapshot().Body.(event.Snapshot); ok {
		out.Capsules = end.Standing
	}
	return out, err
}
