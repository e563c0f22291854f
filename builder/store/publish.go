package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/source"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Staged is a module that is to be published.
type Staged struct {
	Path  string // where it lies, below the capsule
	Twin  string // where a copy of it lies on disk, below the capsule too; "": nowhere
	Lines string // what tells of its source, below the capsule too; "": nothing does
	Module
}

// Publish puts what is staged in place, all modules or none, as r says, and forgets the
// verdict of a build before. A crash at any instant leaves the old modules, or an intent that
// Recover completes. old is the record before. The lock is held.
func Publish(dir string, r *Record, staged []Staged) (old *Record, err error) {
	err = inFolder(dir, func(f *folder) error {
		r.Version = recordVersion
		old = Read(dir)
		if err := f.publish(staged, r, old); err != nil {
			return err
		}
		f.dropVerdict()
		return nil
	})
	return old, err
}

// publish stores the staged modules as blobs, notes what is to come, and does it.
func (f *folder) publish(staged []Staged, r, old *Record) error {
	if err := f.checkState(); err != nil {
		return err
	}
	for _, m := range staged {
		if err := f.mayPublish(m.File, old); err != nil {
			return err
		}
		if err := f.keepBlob(m); err != nil {
			return fmt.Errorf("keeping a copy of %s: %w", m.File, err)
		}
	}
	if err := f.writeRecord(IntentFile, r); err != nil {
		return err
	}
	err := f.complete(r, old, staged)
	if err == nil {
		return nil
	}
	// Modules that were renamed already are whole; the next build publishes all of them again.
	if removeErr := f.Remove(stateName(IntentFile)); removeErr != nil && !errors.Is(removeErr, fs.ErrNotExist) {
		err = errors.Join(err, removeErr)
	}
	return err
}

// keepBlob moves a staged module to its place by content hash.
func (f *folder) keepBlob(m Staged) error {
	staged, ok := f.Below(m.Path)
	if !ok {
		return fmt.Errorf("%s does not lie in the capsule", m.Path)
	}
	if err := f.MkdirAll(stateName(BlobFolder), 0o755); err != nil {
		return err
	}
	if err := f.Chmod(staged, 0o444); err != nil { // nobody should write into a blob by accident
		return err
	}
	f.keepLines(m)
	return f.Move(staged, blobName(m.Hash))
}

// keepLines moves what tells of a module's source beside its blob. Where that cannot be done a trap names
// functions only, which is no reason not to publish.
func (f *folder) keepLines(m Staged) {
	for _, suffix := range []string{"", source.MapSuffix} {
		_ = f.Remove(linesName(m.Hash) + suffix) // of another build that made the same module
		if from, ok := f.Below(m.Lines + suffix); ok && m.Lines != "" && f.MkdirAll(stateName(LinesFolder), 0o755) == nil {
			_ = f.Move(from, linesName(m.Hash)+suffix)
		}
	}
}

func linesName(hash string) string { return stateName(LinesFolder, hash+".wasm") }

func blobName(hash string) string { return stateName(BlobFolder, hash+".wasm") }

// complete carries out an intent: every module renamed into place from its
// blob or from its twin among those that are staged, then the intent becomes the record. It may be repeated.
func (f *folder) complete(r, old *Record, staged []Staged) error {
	for _, m := range r.Modules {
		if err := f.place(m, old, twinOf(m, staged)); err != nil {
			return err
		}
	}
	return f.Move(stateName(IntentFile), stateName(RecordFile))
}

// twinOf is where a copy of a module lies; "": nowhere.
func twinOf(m Module, staged []Staged) string {
	for _, s := range staged {
		if s.File == m.File {
			return s.Twin
		}
	}
	return ""
}

// place makes a module stand at its published path. What was not copied before, while nobody waited, is copied
// beside it under a name that no hasher counts, on disk, then renamed over it.
func (f *folder) place(m Module, old *Record, twin string) error {
	if err := f.mayPublish(m.File, old); err != nil {
		return err
	}
	if err := f.MkdirAll(path.Dir(m.File), 0o755); err != nil {
		return err
	}
	f.Sweep(m.File)
	if f.placeTwin(m, twin) {
		return nil
	}
	tmp := fsys.Temporary(m.File) + ".wasm"
	out, err := f.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	defer f.Remove(tmp)
	hash, _, err := tree.CopyTo(out, BlobPath(f.Dir, m.Hash))
	if err != nil {
		return err
	}
	if hash != m.Hash {
		return fmt.Errorf("the copy of %s is damaged: it has hash %s instead of %s", m.File, hash, m.Hash)
	}
	return f.Move(tmp, m.File)
}

// placeTwin makes a copy of a module stand at its published path. It is not ok where the copy or the blob, which was loaded, is not whole, and
// where the path lies on another disk.
func (f *folder) placeTwin(m Module, twin string) (ok bool) {
	name, ok := f.Below(twin)
	if twin == "" || !ok {
		return false
	}
	if info, err := f.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return false // also a link to what is whole
	}
	blob := make(chan bool)
	go func() { blob <- m.isWhole(BlobPath(f.Dir, m.Hash)) }()
	whole := m.isWhole(twin)
	return <-blob && whole && f.Move(name, m.File) == nil
}

// Prune removes the blobs of dir that nobody looks for any more: all but the newest, and those that are recorded. The lock is held.
func Prune(dir string) {
	r := Read(dir)
	if r == nil {
		return
	}
	_ = inFolder(dir, func(f *folder) error { // what cannot be removed costs only space
		f.pruneBlobs(r)
		return nil
	})
}

// pruneBlobs keeps the newest blobs, and those that r names.
func (f *folder) pruneBlobs(r *Record) {
	entries, err := fs.ReadDir(f.FS(), stateName(BlobFolder))
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
		used := slices.ContainsFunc(r.Modules, func(m Module) bool { return m.Hash+".wasm" == e.Name() })
		if !used {
			_ = f.Remove(stateName(BlobFolder, e.Name()))
			_ = f.Remove(stateName(LinesFolder, e.Name()))
			_ = f.Remove(stateName(LinesFolder, e.Name()+source.MapSuffix))
		}
	}
}
