package builder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
)

// Publish puts what was staged in place, all modules or none, and records that
// it was built from in: the examination after the build, equal to the one
// before. A crash at any instant leaves the old modules, or an intent that the
// next Examine completes. staged is used up, also on error.
func (b *Builder) Publish(ctx context.Context, staged *Staged, in *Inputs) (*Published, error) {
	defer staged.Discard()
	old := readRecord(in.Dir, recordFile)
	r := staged.record(in)
	for _, m := range staged.Modules {
		if err := keepBlob(in.Dir, m); err != nil {
			return nil, stageFailure(ctx, in.Dir, fmt.Errorf("keeping a copy of %s: %w", m.File, err))
		}
	}
	err := writeRecord(in.Dir, intentFile, r)
	if err != nil {
		return nil, stageFailure(ctx, in.Dir, err)
	}
	if err := complete(in.Dir, r); err != nil {
		// modules that were renamed already are whole; the next build publishes all of them again
		return nil, stageFailure(ctx, in.Dir, errors.Join(err, os.Remove(statePath(in.Dir, intentFile))))
	}
	pruneBlobs(in.Dir, r)
	p := r.published(in.Dir)
	p.Findings, p.BuildTime, p.SmokeTime = staged.Findings, staged.BuildTime, staged.SmokeTime
	changes := changed(old, r)
	p.Findings = append(deltaNotes(changes), p.Findings...)
	if p.Delta, err = deltaJSON(changes); err != nil {
		return nil, err
	}
	return p, nil
}

func (s *Staged) record(in *Inputs) *record {
	r := &record{Version: recordVersion, Key: in.Key, SourceHash: in.SourceHash, Outside: s.learned, Written: time.Now()}
	for _, m := range s.Modules {
		r.Modules = append(r.Modules, module{ID: m.ID, File: m.File, Hash: m.Hash, Size: m.Size, Kind: string(m.Report.Kind)})
		r.Reports = append(r.Reports, m.Report)
	}
	return r
}

// keepBlob moves a staged module to its place by content hash.
func keepBlob(dir string, m StagedModule) error {
	blob := blobPath(dir, m.Hash)
	if err := os.MkdirAll(filepath.Dir(blob), 0o755); err != nil {
		return err
	}
	if err := os.Chmod(m.Path, 0o444); err != nil { // nobody should write into a blob by accident
		return err
	}
	return rename(m.Path, blob)
}

// complete carries out an intent: every module renamed into place from its
// blob, then the intent becomes the record. It may be repeated.
func complete(dir string, r *record) error {
	for _, m := range r.Modules {
		if err := place(dir, m); err != nil {
			return err
		}
	}
	return rename(statePath(dir, intentFile), statePath(dir, recordFile))
}

// place makes a module stand at its published path: copied beside it under a
// name that no hasher counts, on disk, then renamed over it.
func place(dir string, m module) error {
	to := filepath.Join(dir, filepath.FromSlash(m.File))
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+".*.wasm")
	if err != nil {
		return err
	}
	tmp := f.Name()
	f.Close()
	defer os.Remove(tmp)
	hash, _, err := copyFile(blobPath(dir, m.Hash), tmp)
	if err != nil {
		return err
	}
	if hash != m.Hash {
		return fmt.Errorf("the copy of %s is damaged: it has hash %s instead of %s", m.File, hash, m.Hash)
	}
	if err := os.Chmod(tmp, 0o644); err != nil {
		return err
	}
	return rename(tmp, to)
}

// recover completes a publication that a crash interrupted. When its blobs are
// not whole it is dropped: what stands published is then what stood there before.
//
// While a build of this Builder holds the lock, that is its business; and while
// the manifest cannot be read nobody knows what may be written.
func (b *Builder) recover(ctx context.Context, in *Inputs) error {
	if _, err := os.Lstat(statePath(in.Dir, intentFile)); err != nil || in.manifest == nil || b.builds(in.Dir) {
		return nil
	}
	lock, err := b.lock(ctx, in.Dir)
	if err != nil {
		return err
	}
	defer lock.Close()
	return finish(in)
}

// finish completes or drops the intent of a process that is gone. The lock is held.
func finish(in *Inputs) error {
	if _, err := os.Lstat(statePath(in.Dir, intentFile)); err != nil {
		return nil
	}
	intent := readRecord(in.Dir, intentFile)
	if intent == nil || slices.ContainsFunc(intent.Modules, func(m module) bool { return !publishable(in, m) }) {
		return os.RemoveAll(statePath(in.Dir, intentFile))
	}
	return complete(in.Dir, intent)
}

// publishable reports whether m is for a file that in's manifest names, and its blob is whole.
func publishable(in *Inputs, m module) bool {
	if !slices.ContainsFunc(in.manifest.Components, func(c capsule.Component) bool { return c.File == m.File }) {
		return false
	}
	hash, err := HashFile(blobPath(in.Dir, m.Hash))
	return err == nil && hash == m.Hash
}

// pruneBlobs keeps the newest blobs, and those that r names. What cannot be removed costs only space.
func pruneBlobs(dir string, r *record) {
	entries, err := os.ReadDir(statePath(dir, blobFolder))
	if err != nil {
		return
	}
	written := func(e fs.DirEntry) time.Time {
		info, err := e.Info()
		if err != nil {
			return time.Time{}
		}
		return info.ModTime()
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return written(b).Compare(written(a)) })
	for _, e := range entries[min(len(entries), keptBlobs*len(r.Modules)):] {
		used := slices.ContainsFunc(r.Modules, func(m module) bool { return m.Hash+".wasm" == e.Name() })
		if !used {
			os.Remove(statePath(dir, blobFolder, e.Name()))
		}
	}
}

// changed is what the new record's modules changed against the old one's, by
// published path; empty when nothing did or there is no old one.
func changed(old, r *record) map[string]*smoke.Delta {
	changes := map[string]*smoke.Delta{}
	if old == nil {
		return changes
	}
	for i, m := range r.Modules {
		j := slices.IndexFunc(old.Modules, func(o module) bool { return o.File == m.File })
		if j < 0 || j >= len(old.Reports) {
			continue
		}
		if d := smoke.Compare(old.Reports[j], r.Reports[i]); d.String() != "" {
			changes[m.File] = d
		}
	}
	return changes
}

// deltaNotes says the changes to a person, one line a module.
func deltaNotes(changes map[string]*smoke.Delta) []finding.Finding {
	var notes []finding.Finding
	for _, file := range slices.Sorted(maps.Keys(changes)) {
		notes = append(notes, finding.Finding{Code: "reload-delta", Severity: finding.Note, File: file, Message: changes[file].String()})
	}
	return notes
}

func deltaJSON(changes map[string]*smoke.Delta) (json.RawMessage, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	return json.Marshal(changes)
}
