package builder

import (
	"context"
	"encoding/json"

	"github.com/astrid-runtime/astrid-dev/builder/behaviour"
	"github.com/astrid-runtime/astrid-dev/builder/inspect"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
)

// observed is what calls of a module did, as it is recorded.
type observed struct {
	Version int              `json:"version"`
	Runtime string           `json:"runtime"` // the release whose host it was
	Calls   []behaviour.Call `json:"calls"`
}

// observedVersion changes when the sandbox's world answers otherwise, or an observation has
// other parts: what was observed before is then observed once more.
const observedVersion = 1

// before is the module of the record last that stands published in dir for file, with which the next one is
// compared, and its calls; nil: there is none.
func before(dir, file string, last *store.Record, calls []behaviour.Call) *inspect.Before {
	if last == nil || len(last.Modules) == 0 || last.Modules[0].File != file {
		return nil
	}
	return &inspect.Before{Module: store.BlobPath(dir, last.Modules[0].Hash), Lines: linesOf(dir, last.Lines(dir, file)), Calls: calls}
}

// callsOf are the calls that a record tells, made in the host of the release; none where it is nil.
func callsOf(r *store.Record, release string) []behaviour.Call {
	var o observed
	if r == nil || json.Unmarshal(r.Calls, &o) != nil || o.Version != observedVersion || o.Runtime != release {
		return nil
	}
	return o.Calls
}

// Otherwise is what the calls of now, as its tests tell them, do otherwise than with the module of before, in the
// world of now's manifest. Both are staged. The error is ctx's, or a folder of tests that cannot be read.
func (b *Builder) Otherwise(ctx context.Context, now, before *Staged) ([]behaviour.Change, error) {
	if len(now.Calls) == 0 || len(before.Modules) == 0 {
		return nil, nil
	}
	m := before.Modules[0]
	was, err := inspect.Module(ctx, now.Before.Manifest, m.Path, inspect.Options{Runtime: now.release, Tests: true, Lines: linesOf(before.Before.Dir, m.Lines)})
	if err != nil {
		return nil, err
	}
	return behaviour.Compare(was.Calls, now.Calls), nil
}

// earlier are the tests that ran with what the record last says stands published, and its calls; nil: none.
func earlier(last *store.Record, calls []behaviour.Call) *tests.Earlier {
	if last == nil || len(last.Tests) == 0 {
		return nil
	}
	e := &tests.Earlier{Summary: &tests.Summary{}, Calls: calls}
	if json.Unmarshal(last.Tests, e.Summary) != nil {
		return nil
	}
	return e
}
