package live

import (
	"context"
	"os"
	"path/filepath"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// contracts is toolchain.Contracts, which asks cargo: a tenth of a second after each edit, of
// what changes only when the crate's manifest or its lock file does.
type contracts map[string]contract // by folder of the capsule

type contract struct {
	stamp [2]fsys.Info // of the manifest and the lock file
	path  string
}

// of is the WIT file of the SDK that the capsule of m is built with, "" without one.
func (c contracts) of(ctx context.Context, m *capsule.Manifest) (string, error) {
	stamp := [2]fsys.Info{fsys.Lstat(filepath.Join(m.Dir, "Cargo.toml")), fsys.Lstat(lockOf(m.Dir))}
	if known, ok := c[m.Dir]; ok && known.stamp == stamp && (known.path == "" || fsys.Lstat(known.path).Kind == fsys.File) {
		return known.path, nil
	}
	path, err := toolchain.Contracts(ctx, m, os.Environ())
	if err == nil {
		// stamped before cargo was asked, which may have written the lock file: then it is asked again
		c[m.Dir] = contract{stamp, path}
	}
	return path, err
}

// lockOf is the lock file of the crate in dir, which may lie with its workspace.
func lockOf(dir string) string {
	for {
		path := filepath.Join(dir, "Cargo.lock")
		if up := filepath.Dir(dir); fsys.Lstat(path).Kind != fsys.Missing || up == dir {
			return path
		}
		dir = filepath.Dir(dir)
	}
}
