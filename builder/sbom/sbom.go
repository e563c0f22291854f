package sbom

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// moduleLimit is the largest module that is read whole.
const moduleLimit = 1 << 30

// Subject is what a bill is about. Name and Version are its own, or "" for those of the file.
type Subject struct {
	Name, Version string
	Module        string // the file
	Dir           string // of the sources; "": nobody knows them
	Tool, Release string // who writes the bill
}

// Of is the bill of a module. The error is one of reading, or that the file is no module.
func Of(ctx context.Context, s Subject) (*Bill, error) {
	if is, err := reader.IsWasm(s.Module); err != nil || !is {
		return nil, errors.Join(err, fmt.Errorf("%s is no WebAssembly", s.Module))
	}
	data, err := fsys.Read(s.Module, moduleLimit)
	if err != nil {
		return nil, err
	}
	r, err := reader.Shared()
	if err != nil {
		return nil, err
	}
	said, err := r.Describe(ctx, data)
	if err != nil {
		return nil, err
	}
	parts := append(producers(said.Producers), goModules(data)...)
	if s.Dir != "" {
		more, err := crates(ctx, s.Dir)
		if err != nil {
			return nil, err
		}
		parts = append(parts, more...)
	}
	slices.SortStableFunc(parts, func(a, b Component) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	return bill(s, data, parts), nil
}

// producers are the languages and tools that a module names itself.
func producers(list []reader.Producer) (parts []Component) {
	for _, p := range list {
		c := Component{Type: "application", Scope: "excluded", Name: p.Name, Version: p.Version, Properties: []Property{{"astrid-dev:from", "producers section"}, {"astrid-dev:field", p.Field}}}
		switch p.Field {
		case "language":
			c.Type = "platform"
		case "sdk":
			c.Type, c.Scope = "framework", ""
		}
		parts = append(parts, c)
	}
	return parts
}

func bill(s Subject, data []byte, parts []Component) *Bill {
	sum256, sum3 := sha256.Sum256(data), blake3.Sum256(data)
	main := Component{Type: "application", Ref: "module", Name: s.Name, Version: s.Version,
		Hashes: []Hash{{"SHA-256", hex.EncodeToString(sum256[:])}, {"BLAKE3", hex.EncodeToString(sum3[:])}}}
	b := &Bill{Format: "CycloneDX", Spec: "1.6", Version: 1, Components: []Component{}, Dependencies: []Dependency{{Ref: "module", On: []string{}}},
		Metadata: Metadata{Tools{[]Component{{Type: "application", Name: s.Tool, Version: s.Release}}}, main}}
	// A UUID of version 8, of the content: the same module has the same.
	id := sum3
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80
	b.Serial = fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16])
	for i, c := range parts {
		c.Ref = fmt.Sprintf("part-%d", i+1)
		b.Components = append(b.Components, c)
		b.Dependencies[0].On = append(b.Dependencies[0].On, c.Ref)
	}
	return b
}
