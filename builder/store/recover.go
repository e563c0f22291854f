package store

import (
	"errors"
	"io/fs"
	"os"
	"slices"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Recover completes a publication of dir that a crash interrupted: done is what was
// published by that, nil when there was none, or when its blobs are not whole: what stands
// published is then what stood there before. old is the record before. It also sweeps up what
// the crash left, and never waits.
func (s *Store) Recover(dir string, files []string) (done, old *Record, err error) {
	lock, _, err := s.lockNow(dir)
	if err != nil {
		return nil, nil, err
	}
	if lock == nil {
		// Whoever holds it is alive, and at it. It may be a build of ours that has just begun,
		// whose outcome waits for this examination: to wait for it would be for ever.
		return nil, nil, nil
	}
	defer lock.Release()
	old = Read(dir)
	done, err = Finish(dir, files)
	return done, old, err
}

// Interrupted reports whether a process that is gone, or is at it just now, left an intent or
// temporary files.
func Interrupted(dir string) bool {
	entries, err := os.ReadDir(Path(dir))
	if err != nil || !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == IntentFile || fsys.IsTemporary(e.Name()) }) {
		return false
	}
	f, err := openFolder(dir)
	if err != nil {
		return false
	}
	defer f.Close()
	return f.checkState() == nil // else the build says so
}

// Finish completes or drops the intent of a process that is gone, and sweeps up what it
// left. files are those below dir where something may be published. done is what was completed.
// The lock is held.
func Finish(dir string, files []string) (done *Record, err error) {
	err = inFolder(dir, func(f *folder) error {
		for _, name := range ours {
			f.Sweep(stateName(name))
		}
		if _, err := f.Lstat(stateName(IntentFile)); err != nil {
			return nil
		}
		intent := readRecord(dir, IntentFile)
		if intent != nil {
			for _, m := range intent.Modules {
				f.Sweep(m.File)
			}
		}
		if intent == nil || slices.ContainsFunc(intent.Modules, func(m Module) bool { return !publishable(dir, files, m) }) {
			return f.RemoveAll(stateName(IntentFile))
		}
		err := f.complete(intent, readRecord(dir, RecordFile), nil)
		var refused *Refusal
		if errors.As(err, &refused) {
			return f.RemoveAll(stateName(IntentFile)) // the next build says why
		}
		if err == nil {
			done = intent
		}
		return err
	})
	return done, err
}

// publishable reports whether m is for one of files, and its blob is whole.
func publishable(dir string, files []string, m Module) bool {
	return slices.Contains(files, m.File) && m.isWhole(BlobPath(dir, m.Hash))
}
