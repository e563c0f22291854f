package builder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/behaviour"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/inputs"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
)

// ErrMoved is Publish's answer to what was not built from what is on disk now. It is to be
// built again.
var ErrMoved = errors.New("what was built is not what is on disk any more")

// Publish puts what was staged in place, all modules or none, and records that it was
// built from the inputs as they were before and after. A staged build whose inputs moved
// is refused with ErrMoved, and so is one whose state folder was deleted. A crash at any
// instant leaves the old modules, or an intent that Recover completes. staged is used up,
// also on error.
func (b *Builder) Publish(ctx context.Context, staged *Staged) (*Published, error) {
	defer staged.Discard()
	if !staged.sound() || staged.lock.Lost() {
		return nil, ErrMoved
	}
	dir := staged.Before.Dir
	r, err := staged.record(staged.After)
	if err != nil {
		return nil, err
	}
	var modules []store.Staged
	for i, m := range staged.Modules {
		modules = append(modules, store.Staged{Path: m.Path, Twin: m.Twin, Lines: m.Lines, Module: r.Modules[i]})
	}
	old, err := store.Publish(dir, r, modules)
	if err != nil {
		if staged.lock.Lost() {
			return nil, ErrMoved
		}
		return nil, stageFailure(ctx, dir, err)
	}
	p := published(dir, r)
	p.BuildTime, p.SmokeTime = staged.BuildTime, staged.SmokeTime
	return p, p.compare(old, r)
}

// published describes r's modules as they stand below dir.
func published(dir string, r *store.Record) *Published {
	p := &Published{SourceHash: r.SourceHash, Quality: Release, Findings: r.Findings}
	if r.Quality == string(Debug) {
		p.Quality = Debug
	}
	if len(r.Tests) > 0 {
		p.Tests = &tests.Summary{}
		if json.Unmarshal(r.Tests, p.Tests) != nil {
			p.Tests = nil
		}
	}
	if json.Unmarshal(r.Changed, &p.Changed) != nil {
		p.Changed = nil
	}
	for _, m := range r.Modules {
		p.Modules = append(p.Modules, Module{ID: m.ID, Path: filepath.Join(dir, filepath.FromSlash(m.File)),
			Blob: store.BlobPath(dir, m.Hash), Hash: m.Hash, Size: m.Size, Kind: m.Kind})
	}
	return p
}

// compare says what r's modules changed against old's.
func (p *Published) compare(old, r *store.Record) (err error) {
	changes := changed(old, r)
	if len(p.Changed) > 0 && len(r.Modules) > 0 {
		first := r.Modules[0].File
		if changes[first] == nil {
			changes[first] = &delta{Delta: &smoke.Delta{NewSize: r.Modules[0].Size}}
			if old != nil && len(old.Modules) > 0 {
				changes[first].OldSize = old.Modules[0].Size
			}
		}
		changes[first].Behaviour = p.Changed
	}
	p.News = append(deltaNotes(changes), behaviourNotes(p.Changed)...)
	p.Delta, err = deltaJSON(changes)
	return err
}

// delta is what changed in one module.
type delta struct {
	*smoke.Delta
	Behaviour []behaviour.Change `json:"behaviour,omitempty"`
}

// shownChanges is how many changes of behaviour have a line; the event has all.
const shownChanges = 8

// behaviourNotes says what calls do otherwise, a line each.
func behaviourNotes(list []behaviour.Change) (notes []finding.Finding) {
	for i, c := range list {
		f := finding.Finding{Code: finding.BehaviourChanged, Severity: finding.Note, File: c.File, Line: c.Line, Message: c.String()}
		if i == shownChanges {
			f.File, f.Line, f.Message = "", 0, fmt.Sprintf("%d more changes of behaviour", len(list)-i)
			return append(notes, f)
		}
		notes = append(notes, f)
	}
	return notes
}

// record is what is to be recorded of s, built from in.
func (s *Staged) record(in *Inputs) (*store.Record, error) {
	r := &store.Record{Key: in.keyFor(s.Before.Quality), SourceHash: in.SourceHash, Outside: s.learned, Written: time.Now(), CodeHash: s.code, Findings: s.Findings, Shared: s.Shared}
	if s.Before.Quality == Debug {
		r.Quality, r.Inputs = string(Debug), in.Key
	}
	var err error
	if s.Tests != nil {
		if r.Tests, err = json.Marshal(s.Tests); err != nil {
			return nil, fmt.Errorf("encoding what came of the tests: %w", err)
		}
	}
	if r.Calls, err = json.Marshal(observed{observedVersion, s.release, s.Calls}); err != nil {
		return nil, fmt.Errorf("encoding what calls did: %w", err)
	}
	if len(s.Changed) > 0 {
		if r.Changed, err = json.Marshal(s.Changed); err != nil {
			return nil, fmt.Errorf("encoding what changed: %w", err)
		}
	}
	for _, m := range s.Modules {
		report, err := json.Marshal(m.Report)
		if err != nil {
			return nil, fmt.Errorf("encoding the report of %s: %w", m.File, err)
		}
		r.Modules = append(r.Modules, store.Module{ID: m.ID, File: m.File, Found: m.Found, Hash: m.Hash, Size: m.Size, Kind: string(m.Report.Kind)})
		r.Reports = append(r.Reports, report)
	}
	return r, nil
}

// reports are those of r's modules; one that cannot be read is nil.
func reports(r *store.Record) (list []*smoke.Report) {
	for _, data := range r.Reports {
		var report *smoke.Report
		if json.Unmarshal(data, &report) != nil {
			report = nil
		}
		list = append(list, report)
	}
	return list
}

// Recover completes a publication of dir that a crash interrupted, and tells what was
// published by that; nil when there was none, or when its blobs are not whole: what stands
// published is then what stood there before. It also sweeps up what the crash left.
//
// While a build of this Builder holds the lock, that is its business; and while
// the manifest cannot be read nobody knows what may be written.
func (b *Builder) Recover(ctx context.Context, dir string) (*Published, error) {
	if b.store.Locked(dir) || !store.Interrupted(dir) {
		return nil, nil
	}
	in, err := inputs.Read(dir)
	if err != nil || in.Manifest == nil {
		return nil, nil
	}
	r, old, err := b.store.Recover(dir, in.Manifest.Files())
	if err != nil { // whatever is missing, the capsule is there: the error must not look like one that is gone
		return nil, fmt.Errorf("finishing an interrupted publication: %v", err)
	}
	if r == nil {
		return nil, nil
	}
	p := published(dir, r)
	return p, p.compare(old, r)
}

// changed is what the new record's modules changed against the old one's, by
// published path; empty when nothing did or there is no old one.
func changed(old, r *store.Record) map[string]*delta {
	changes := map[string]*delta{}
	if old == nil {
		return changes
	}
	was, is := reports(old), reports(r)
	for i, m := range r.Modules {
		j := slices.IndexFunc(old.Modules, func(o store.Module) bool { return o.File == m.File })
		if j < 0 || j >= len(was) || i >= len(is) || was[j] == nil || is[i] == nil {
			continue
		}
		before := *was[j]
		if old.Quality != r.Quality { // how large a debug module is says nothing of the code
			before.Size = is[i].Size
		}
		if d := smoke.Compare(&before, is[i]); d.String() != "" {
			changes[m.File] = &delta{Delta: d}
		}
	}
	return changes
}

// deltaNotes says the changes to a person, one line a module.
func deltaNotes(changes map[string]*delta) []finding.Finding {
	var notes []finding.Finding
	for _, file := range slices.Sorted(maps.Keys(changes)) {
		if changes[file].String() == "" {
			continue // its calls alone do otherwise
		}
		notes = append(notes, finding.Finding{Code: finding.ReloadDelta, Severity: finding.Note, File: file, Message: changes[file].String()})
	}
	return notes
}

func deltaJSON(changes map[string]*delta) (json.RawMessage, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	return json.Marshal(changes)
}
