package tree

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// attempts bounds how often a take starts over because the tree changed under
// it: a branch switch touches a folder a few times, a file that is written
// without pause never ends.
const attempts = 5

// pause is how long the first new attempt waits; each further one waits twice
// as long. An editor's rename or a checkout's unlink-and-write is over by then, and all
// pauses together, 30 ms, are longer than a file is fresh.
const pause = 2 * time.Millisecond

// Take reads every source below root and returns the snapshot. root may be a
// symbolic link; r is bound to it unless it is bound already.
//
// A source or folder that cannot be read is an error that names it; a root that
// is not there is fs.ErrNotExist. Files are compared with their stat before and
// after they were read; when one differs, or is gone, the take starts over, a
// few times, and then returns an error with ErrChanging in its chain.
func Take(ctx context.Context, root string, r *Rules) (*Snapshot, error) {
	return take(ctx, root, r, nil)
}

// take is Take with a seam: before is called with each file's path after its
// folder was read and before it is opened, from reading goroutines.
func take(ctx context.Context, root string, r *Rules, before func(path string)) (*Snapshot, error) {
	abs, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("hashing %q: %w", root, err)
	}
	if bound := r.At(abs).root; bound != abs {
		return nil, fmt.Errorf("hashing %q: the rules are for %q", root, bound)
	}
	return again(ctx, func() (*Snapshot, error) { return whole(ctx, abs, r.At(abs), before) })
}

// whole reads everything.
func whole(ctx context.Context, root string, r *Rules, before func(path string)) (*Snapshot, error) {
	n := &notes{dev: trusted(root)} // belongs to the walk until read returns
	s, err := read(ctx, reading{before: before, trust: n.dev, list: func(ctx context.Context, add func(item) error) error {
		w := walker{ctx: ctx, rules: r, root: root, filesOnly: true, notes: n}
		w.fn = func(e Entry) error { return add(item{in: e.in, name: e.name, path: e.Path}) }
		w.failed = func(err error) error { return changed(err) }
		return w.walk()
	}})
	if err != nil {
		return nil, err
	}
	n.keep(s, r)
	return s, nil
}

// again calls take until it succeeds, fails for good or has used its attempts.
func again(ctx context.Context, take func() (*Snapshot, error)) (*Snapshot, error) {
	wait := pause
	for n := 1; ; n++ {
		s, err := take()
		if err == nil || n == attempts || !errors.Is(err, ErrChanging) {
			return s, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(wait):
		}
		wait *= 2
	}
}
