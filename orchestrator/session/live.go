package session

import (
	"context"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/live"
	"github.com/astrid-runtime/astrid-dev/orchestrator/load"
)

// openLive starts what keeps a runtime up, if that was asked for.
func (s *session) openLive(b *builder.Builder) {
	if s.Live == nil {
		return
	}
	o := *s.Live
	o.Judge, o.Sources = s.judge, b.SourceHash
	o.Output = s.readers.output()
	o.Say = func(dir, name string, body event.Body) {
		s.Hub.Publish(event.Event{Dir: dir, Capsule: name, Body: body})
	}
	s.live = live.New(s.Hub, o)
}

// judge loads the module of the capsule in dir, and says what keeps it from being kernel-ready.
func (s *session) judge(ctx context.Context, dir, module string) (found []finding.Finding, err error) {
	m, err := capsule.Load(dir)
	if err != nil {
		return nil, err
	}
	err = load.All(ctx, []string{module}, m, load.Options{Runtime: s.Runtime, Installed: s.Installed}, func(m load.Module) error {
		found = append(append(found, m.Report.Findings...), m.Report.KernelFindings...)
		return nil
	})
	return found, err
}
