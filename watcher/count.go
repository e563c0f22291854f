package watcher

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// CountFolders is how many folders a Run of p would watch now, each of which takes
// one watch: those to be read and those that hold a name on which p depends.
func CountFolders(ctx context.Context, p Plan) (int, error) {
	seen := make(map[string]struct{})
	memo := make(map[string]fsys.Info)
	count := func(path string, skip func(string, bool) bool) error {
		t := &target{targetKey: targetKey{path: filepath.Clean(path)}, skip: skip}
		t.now = resolve(t.path, memo)
		for _, h := range t.now.holds {
			seen[h.dir] = struct{}{}
		}
		if t.now.stat.Kind != fsys.Folder {
			return nil
		}
		err := tree.Folders(ctx, t.now.real, func(p string) bool { return t.skips(p, true) }, nil, func(e tree.Entry) {
			seen[join(t.now.real, e.Path)] = struct{}{}
		})
		if ctx.Err() != nil {
			return fmt.Errorf("counting folders: %w", err)
		}
		return nil // what cannot be read takes no watch
	}
	for _, path := range p.Roots {
		if err := count(path, p.Skip); err != nil {
			return 0, err
		}
	}
	for _, path := range p.Outside {
		if err := count(path, nil); err != nil {
			return 0, err
		}
	}
	return len(seen), nil
}
