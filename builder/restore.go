package builder

import (
	"context"
	"errors"

	"github.com/astrid-runtime/astrid-dev/builder/store"
)

// ErrNoCopy is Restore's answer when what was published cannot be put back: record or
// blobs are gone too, or of something else. It takes a build.
var ErrNoCopy = store.ErrNoCopy

// Stands reports whether what was published from key stands in dir, whole.
func (b *Builder) Stands(dir, key string) bool {
	last := store.Read(dir)
	return last != nil && last.From(key) && b.store.Stands(dir, last)
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
	defer lock.Release()
	last := store.Read(dir)
	if last == nil || !last.From(key) {
		return nil, nil, ErrNoCopy
	}
	files, err = b.store.Restore(dir, last)
	switch {
	case errors.Is(err, ErrNoCopy):
		return nil, nil, err
	case err != nil:
		return nil, nil, stageFailure(ctx, dir, err)
	}
	return published(dir, last), files, nil
}
