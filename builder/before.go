package builder

import (
	"encoding/json"

	"github.com/astrid-runtime/astrid-dev/builder/behaviour"
	"github.com/astrid-runtime/astrid-dev/builder/inspect"
	"github.com/astrid-runtime/astrid-dev/builder/store"
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
	var known observed
	if json.Unmarshal(last.Calls, &known) == nil && known.Version == observedVersion && known.Runtime == release {
		b.Calls = known.Calls
	}
	return b
}
