package shared

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/seal"
)

// kind is the type of an entry's statement. Another format needs another one.
const kind = "application/vnd.astrid-dev.shared.v1+json"

// Entry says what a build made.
type Entry struct {
	// Key is what was known of the inputs before the build, Whole what was known after it: the
	// same, unless the tool told only then what else it read. An entry lies under both.
	Key   string `json:"key"`
	Whole string `json:"whole"`
	// Reads are files outside the sources that the tool told of. Those in the checkout are
	// relative to the capsule, with slashes, others absolute.
	Reads   []string `json:"reads,omitempty"`
	Modules []Module `json:"modules"`

	Findings []finding.Finding `json:"findings,omitempty"` // warnings and notes of the build
	Judged   []Judgement       `json:"judged"`             // what the sandbox of the builder said, in the order of Modules
	Took     time.Duration     `json:"took_ns"`            // the build
	Tool     string            `json:"tool"`               // who built, as "astrid-dev 1.2.3"
}

// Module is one component as it was built.
type Module struct {
	ID
	Component string `json:"component"` // the manifest's id of it
	File      string `json:"file"`      // where it is published, with slashes, below the capsule
}

// Judgement is what a module was found to be where it was built.
type Judgement struct {
	Kind        string   `json:"kind"` // core or component
	Loads       bool     `json:"loads"`
	KernelReady bool     `json:"kernel_ready"`
	Runtimes    []string `json:"runtimes,omitempty"` // the releases of the runtime that judged
}

// Sealed is e, signed by k.
func (e *Entry) Sealed(k *seal.Key) ([]byte, error) {
	statement, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	return seal.Sign(k, kind, statement)
}

// errForeign is in the error of an entry that says nothing of the key that was asked for.
var errForeign = errors.New("it is of another key")

// unseal is the entry for key in data, when one of trusted signed it.
func unseal(data []byte, key string, trusted []*seal.Public) (*Entry, error) {
	statement, _, err := seal.Open(data, kind, trusted)
	if err != nil {
		return nil, err
	}
	var e Entry
	if err := json.Unmarshal(statement, &e); err != nil {
		return nil, fmt.Errorf("its statement cannot be read: %w", err)
	}
	switch {
	case e.Key != key && e.Whole != key:
		return nil, errForeign
	case e.Whole == "" || len(e.Modules) == 0 || len(e.Judged) != len(e.Modules):
		return nil, errors.New("its statement is not whole")
	case slices.ContainsFunc(e.Modules, func(m Module) bool { return !m.whole() }):
		return nil, errors.New("it names a module without its digests")
	case slices.ContainsFunc(e.Judged, func(j Judgement) bool { return !j.Loads }):
		return nil, errors.New("it tells of a module that does not load")
	case finding.Count(e.Findings, finding.Error) > 0:
		return nil, errors.New("it tells of a build that failed")
	}
	return &e, nil
}

var isDigest = regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString

// whole reports whether id names something. What it names is used in paths.
func (id ID) whole() bool { return isDigest(id.BLAKE3) && isDigest(id.SHA256) && id.Size >= 0 }
