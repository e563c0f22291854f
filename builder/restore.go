package builder

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// Published modules may be deleted or overwritten by somebody else at any time: a broom
// (git clean), a checkout, another tool's build. They are put back from their blobs, which
// are known by their hashes, so that nothing has to be built.

// ErrNoCopy is Restore's answer when what was published cannot be put back: record or
// blobs are gone too, or of something else. It takes a build.
var ErrNoCopy = errors.New("there is no copy of what was published")

// Stands reports whether what was published from key stands in dir, whole. The modules
// are read anew: what replaced one may have its size and its time.
func (b *Builder) Stands(dir, key string) bool {
	last := readRecord(dir, recordFile)
	if last == nil || last.Key != key {
		return false
	}
	b.forgetHashes(dir, last)
	return b.intact(dir, made(last))
}

func (b *Builder) forgetHashes(dir string, r *record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, m := range r.Modules {
		delete(b.hashed, filepath.Join(dir, filepath.FromSlash(m.File)))
	}
}

// Restore puts what was published from key back where it does not stand as it was
// published, and names the files below dir that it wrote; none when all of it stands
// again. What is not ours is left alone, and a *finding.Failure says so. It waits for another
// process that is at work on the capsule.
func (b *Builder) Restore(ctx context.Context, dir, key string) (p *Published, files []string, err error) {
	lock, err := b.lock(ctx, dir)
	if err != nil {
		return nil, nil, stageFailure(ctx, dir, err)
	}
	defer lock.release()
	last := readRecord(dir, recordFile)
	if last == nil || last.Key != key {
		return nil, nil, ErrNoCopy
	}
	b.forgetHashes(dir, last)
	missing, err := b.missing(dir, last)
	if err != nil {
		return nil, nil, err
	}
	if err := putBack(dir, missing, last); err != nil {
		return nil, nil, stageFailure(ctx, dir, err)
	}
	for _, m := range missing {
		files = append(files, m.File)
	}
	return last.published(dir), files, nil
}

// made are the modules of r that a build makes. One that the author put at its published
// path by hand is a source of theirs: an older copy of it is not put back over a newer one.
func made(r *record) (list []module) {
	for _, m := range r.Modules {
		if !m.Found {
			list = append(list, m)
		}
	}
	return list
}

// missing are the modules of r that do not stand as they were published. All of them have
// whole blobs, else the error is ErrNoCopy: nothing is put back by halves.
func (b *Builder) missing(dir string, r *record) (missing []module, err error) {
	for _, m := range made(r) {
		if b.intact(dir, []module{m}) {
			continue
		}
		if hash, err := HashFile(blobPath(dir, m.Hash)); err != nil || hash != m.Hash {
			return nil, ErrNoCopy
		}
		missing = append(missing, m)
	}
	return missing, nil
}

func putBack(dir string, missing []module, last *record) error {
	return inFolder(dir, func(f *folder) error {
		for _, m := range missing {
			if err := f.place(m, last); err != nil {
				return fmt.Errorf("putting %s back: %w", m.File, err)
			}
		}
		return nil
	})
}
