package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/astrid-runtime/astrid-dev/builder/seal"
	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// limit is the largest file of attestations: 100,000 capsules.
const limit = 1 << 30

// Proven is a statement, and who signed it.
type Proven struct {
	Statement
	By string // the key's name
}

// ErrNone is in the error of a file that proves nothing.
var ErrNone = errors.New("there is no attestation in it")

// Read is what the file at path proves: statements that one of trusted signed. One that nobody
// of these has signed makes the whole file worth nothing, and is the error.
func Read(path string, trusted []*seal.Public) (list []Proven, err error) {
	data, err := fsys.Read(path, limit)
	if err != nil {
		return nil, err
	}
	n := 0
	for line := range bytes.Lines(data) {
		if n++; len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		text, by, err := seal.Open(line, Type, trusted)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		var s Statement
		if err := json.Unmarshal(text, &s); err != nil {
			return nil, fmt.Errorf("line %d: its statement cannot be read: %w", n, err)
		}
		if s.Type != statementType || s.PredicateType != predicateType || s.Predicate.Definition.BuildType != buildType {
			return nil, fmt.Errorf("line %d: it is a statement of another kind (%.100s, %.100s)", n, s.PredicateType, s.Predicate.Definition.BuildType)
		}
		list = append(list, Proven{s, by.ID})
	}
	if len(list) == 0 {
		return nil, ErrNone
	}
	return list, nil
}

// About are those of list that are about the file at path, by both of its digests.
func About(list []Proven, path string) (about []Proven, err error) {
	id, err := shared.Identify(path)
	if err != nil {
		return nil, err
	}
	for _, p := range list {
		for _, s := range p.Subject {
			if s.Digest["sha256"] == id.SHA256 && s.Digest["blake3"] == id.BLAKE3 {
				about = append(about, p)
				break
			}
		}
	}
	return about, nil
}
