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

// before is the module that stands published, with which the next one is compared; nil: there is none.
func before(dir, file, release string) *inspect.Before {
	last := store.Read(dir)
	if last == nil || len(last.Modules) == 0 || last.Modules[0].File != file {
		return nil
	}
	b := &inspect.Before{Module: store.BlobPath(dir, last.Modules[0].Hash), Lines: linesOf(dir, store.Lines(dir, file))}
	b.Calls = callsOf(last, release)
	return b
}

// callsOf are the calls that a record tells, made in the host of the release.
func callsOf(r *store.Record, release string) []behaviour.Call {
	var o observed
	if json.Unmarshal(r.Calls, &o) != nil || o.Version != observedVersion || o.Runtime != release {
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

// earlier are the tests that ran with what stands published, in the host of the release; nil: none.
func earlier(dir, release string) *tests.Earlier {
	last := store.Read(dir)
	if last == nil || len(last.Tests) == 0 {
		return nil
	}
	e := &tests.Earlier{Summary: &tests.Summary{}, Calls: callsOf(last, release)}
	if json.Unmarshal(last.Tests, e.Summary) != nil {
		return nil
	}
	return e
}
