package orchestrator

import (
	"path"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// standing is what came of a capsule's newest processed inputs, and what is published. The
// two differ while what failed, or is held, leaves the last good modules in place.
type standing struct {
	how verdict
	key string          // what was processed last; "": nothing, or it is to be processed again
	in  *builder.Inputs // the inputs that belong to it, or did

	published   string             // the key last published; "": none
	from        *builder.Inputs    // the inputs that belong to it
	modules     *builder.Published // what was published from it
	publishedAt time.Time          // when, in this run
	recovered   *builder.Published // what an interrupted publication put in place, to be announced
}

// verdict is how the last processed inputs ended.
type verdict int

const (
	fresh  verdict = iota // nothing was processed yet
	good                  // published
	failed                // announced as failed
	held                  // builds change their own inputs
)

// state is what v is called on the wire.
func (v verdict) state() event.State {
	return map[verdict]event.State{fresh: event.Unknown, failed: event.Failed, held: event.OnHold}[v]
}

// settle makes in the last processed inputs.
func (s *standing) settle(in *builder.Inputs, how verdict) { s.key, s.in, s.how = in.Key, in, how }

// forget has the last processed inputs processed again.
func (s *standing) forget() { s.key = "" }

// publish notes that modules stand published, made from in.
func (s *standing) publish(in *builder.Inputs, modules *builder.Published) {
	s.published, s.from, s.modules = in.Key, in, modules
}

// repeats reports whether modules, made from in, are byte for byte those that stand
// published, and nothing else differs that is installed with them.
func (s *standing) repeats(in *builder.Inputs, modules *builder.Published) bool {
	return s.modules != nil && sameModules(s.modules, modules) && !slices.ContainsFunc(s.from.FilesChanged(in), packed)
}

func sameModules(a, b *builder.Published) bool {
	return slices.EqualFunc(a.Modules, b.Modules, func(a, b builder.Module) bool { return a.Path == b.Path && a.Hash == b.Hash })
}

// unpublish notes that nothing stands published, and returns what did.
func (s *standing) unpublish() (key string, modules *builder.Published) {
	key, modules = s.published, s.modules
	s.published, s.from, s.modules = "", nil, nil
	return key, modules
}

// red reports whether a person is to mend something.
func (s *standing) red() bool { return s.how == failed || s.how == held }

// packed reports whether a file is part of what is installed beside the modules: then another
// one is news to the runtime, although the modules are the same.
func packed(file string) bool {
	top, _, _ := strings.Cut(path.Clean(file), "/")
	switch top {
	case "Capsule.toml", "assets", "skills", "wit":
		return true
	}
	return false
}
