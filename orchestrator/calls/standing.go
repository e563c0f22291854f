package calls

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// Standing is the module that stands published in the capsule's folder path. One that is missing,
// or older than its sources, is a *usage.Error that says how to build it. Files of tests are no
// part of a module, and may be newer.
func Standing(ctx context.Context, path string) (string, *capsule.Manifest, error) {
	files, m, err := paths.Modules(path)
	if err != nil {
		return "", nil, err
	}
	if m == nil {
		return "", nil, usage.Hint(fmt.Errorf("%s is a module, and its tools need the capsule around it", paths.Short(files[0])), "give the capsule's folder")
	}
	return files[0], m, current(ctx, m) // the runtime loads the first component only
}

// current says how to build a module whose sources are newer. What somebody else has built has
// no record, and is taken as it stands.
func current(ctx context.Context, m *capsule.Manifest) error {
	last := store.Read(m.Dir)
	if last == nil {
		return nil
	}
	hash, err := builder.New(builder.Options{}).CodeHash(ctx, m.Dir)
	if err != nil || hash == cmp.Or(last.CodeHash, last.SourceHash) {
		return err
	}
	return usage.Hint(fmt.Errorf("%s: its sources have changed since it was built", paths.Short(filepath.Join(m.Dir, m.Components[0].File))), "astrid-dev build "+paths.Short(m.Dir))
}
