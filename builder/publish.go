package builder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
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
	if !staged.sound() || staged.lock.lost() {
		return nil, ErrMoved
	}
	dir := staged.dir
	f, err := openFolder(dir)
	if err != nil {
		return nil, stageFailure(ctx, dir, err)
	}
	defer f.Close()
	old := readRecord(dir, recordFile)
	r := staged.record(staged.After)
	if err := f.publish(staged, r, old); err != nil {
		if staged.lock.lost() {
			return nil, ErrMoved
		}
		return nil, stageFailure(ctx, dir, err)
	}
	f.dropVerdict()
	f.pruneBlobs(r)
	p := r.published(dir)
	p.Findings, p.BuildTime, p.SmokeTime = staged.Findings, staged.BuildTime, staged.SmokeTime
	return p, p.compare(old, r)
}

// compare says what r's modules changed against old's.
func (p *Published) compare(old, r *record) (err error) {
	changes := changed(old, r)
	p.Findings = append(deltaNotes(changes), p.Findings...)
	p.Delta, err = deltaJSON(changes)
	return err
}

func (s *Staged) record(in *Inputs) *record {
	r := &record{Version: recordVersion, Key: in.Key, SourceHash: in.SourceHash, Outside: s.learned, Written: time.Now()}
	for _, m := range s.Modules {
		r.Modules = append(r.Modules, module{ID: m.ID, File: m.File, Found: m.Found, Hash: m.Hash, Size: m.Size, Kind: string(m.Report.Kind)})
		r.Reports = append(r.Reports, m.Report)
	}
	return r
}

// publish stores the staged modules as blobs, notes what is to come, and does it.
func (f *folder) publish(staged *Staged, r, old *record) error {
	if err := f.checkState(); err != nil {
		return err
	}
	for _, m := range staged.Modules {
		if err := f.mayPublish(m.File, old); err != nil {
			return err
		}
		if err := f.keepBlob(m); err != nil {
			return fmt.Errorf("keeping a copy of %s: %w", m.File, err)
		}
	}
	if err := f.writeRecord(intentFile, r); err != nil {
		return err
	}
	err := f.complete(r, old)
	if err == nil {
		return nil
	}
	// Modules that were renamed already are whole; the next build publishes all of them again.
	if removeErr := f.Remove(stateName(intentFile)); removeErr != nil && !errors.Is(removeErr, fs.ErrNotExist) {
		err = errors.Join(err, removeErr)
	}
	return err
}

// keepBlob moves a staged module to its place by content hash.
func (f *folder) keepBlob(m StagedModule) error {
	staged, ok := f.Below(m.Path)
	if !ok {
		return fmt.Errorf("%s does not lie in the capsule", m.Path)
	}
	if err := f.MkdirAll(stateName(blobFolder), 0o755); err != nil {
		return err
	}
	if err := f.Chmod(staged, 0o444); err != nil { // nobody should write into a blob by accident
		return err
	}
	return f.Move(staged, blobName(m.Hash))
}

func blobName(hash string) string { return stateName(blobFolder, hash+".wasm") }

// complete carries out an intent: every module renamed into place from its
// blob, then the intent becomes the record. It may be repeated.
func (f *folder) complete(r, old *record) error {
	for _, m := range r.Modules {
		if err := f.place(m, old); err != nil {
			return err
		}
	}
	return f.Move(stateName(intentFile), stateName(recordFile))
}

// place makes a module stand at its published path: copied beside it under a
// name that no hasher counts, on disk, then renamed over it.
func (f *folder) place(m module, old *record) error {
	if err := f.mayPublish(m.File, old); err != nil {
		return err
	}
	if err := f.MkdirAll(path.Dir(m.File), 0o755); err != nil {
		return err
	}
	f.Sweep(m.File)
	tmp := fsys.Temporary(m.File) + ".wasm"
	out, err := f.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer f.Remove(tmp)
	hash, _, err := copyTo(out, blobPath(f.Dir, m.Hash))
	if err != nil {
		return err
	}
	if hash != m.Hash {
		return fmt.Errorf("the copy of %s is damaged: it has hash %s instead of %s", m.File, hash, m.Hash)
	}
	return f.Move(tmp, m.File)
}

// Recover completes a publication of dir that a crash interrupted, and tells what was
// published by that; nil when there was none, or when its blobs are not whole: what stands
// published is then what stood there before. It also sweeps up what the crash left.
//
// While a build of this Builder holds the lock, that is its business; and while
// the manifest cannot be read nobody knows what may be written.
func (b *Builder) Recover(ctx context.Context, dir string) (*Published, error) {
	if b.builds(dir) || hasManifest(dir) != nil || !interrupted(dir) {
		return nil, nil
	}
	in := &Inputs{Dir: dir}
	if in.readManifest(); in.manifest == nil {
		return nil, nil
	}
	lock, _, err := lockNow(dir)
	if err != nil {
		return nil, recoverError(err)
	}
	if lock == nil {
		// Whoever holds it is alive, and at it. It may be a build of ours that has just begun,
		// whose outcome waits for this examination: to wait for it would be for ever.
		return nil, nil
	}
	defer lock.release()
	old := readRecord(dir, recordFile)
	r, err := finish(in)
	if err != nil {
		return nil, recoverError(err)
	}
	if r == nil {
		return nil, nil
	}
	p := r.published(dir)
	return p, p.compare(old, r)
}

func recoverError(err error) error {
	return fmt.Errorf("finishing an interrupted publication: %w", err)
}

// interrupted reports whether a process that is gone, or is at it just now, left an intent or
// temporary files.
func interrupted(dir string) bool {
	f, err := openFolder(dir)
	if err != nil {
		return false
	}
	defer f.Close()
	if f.checkState() != nil {
		return false // the build says so
	}
	_, err = f.Lstat(stateName(intentFile))
	return err == nil || f.litter()
}

// finish completes or drops the intent of a process that is gone, and sweeps up what it
// left. done is what was completed. The lock is held.
func finish(in *Inputs) (done *record, err error) {
	err = inFolder(in.Dir, func(f *folder) error {
		for _, name := range ours {
			f.Sweep(stateName(name))
		}
		if _, err := f.Lstat(stateName(intentFile)); err != nil {
			return nil
		}
		intent := readRecord(in.Dir, intentFile)
		if intent != nil {
			for _, m := range intent.Modules {
				f.Sweep(m.File)
			}
		}
		if intent == nil || slices.ContainsFunc(intent.Modules, func(m module) bool { return !publishable(in, m) }) {
			return f.RemoveAll(stateName(intentFile))
		}
		err := f.complete(intent, readRecord(in.Dir, recordFile))
		var refused *refusal
		if errors.As(err, &refused) {
			return f.RemoveAll(stateName(intentFile)) // the next build says why
		}
		if err == nil {
			done = intent
		}
		return err
	})
	return done, err
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
func (f *folder) pruneBlobs(r *record) {
	entries, err := fs.ReadDir(f.FS(), stateName(blobFolder))
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
			_ = f.Remove(stateName(blobFolder, e.Name()))
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
		notes = append(notes, finding.Finding{Code: finding.ReloadDelta, Severity: finding.Note, File: file, Message: changes[file].String()})
	}
	return notes
}

func deltaJSON(changes map[string]*smoke.Delta) (json.RawMessage, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	return json.Marshal(changes)
}
