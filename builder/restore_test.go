package builder

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// What stands published is put back from its blob, whatever was done to it, and only
// when it is ours.
func TestRestore(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(t *testing.T, dir, module string)
		want error // nil: it stands again
	}{
		"deleted":     {harm: func(t *testing.T, _, module string) { check(t, os.Remove(module)) }},
		"overwritten": {harm: func(t *testing.T, _, module string) { check(t, os.WriteFile(module, []byte("junk"), 0o644)) }},
		"same size and time": {harm: func(t *testing.T, _, module string) {
			info, err := os.Stat(module)
			check(t, err)
			check(t, os.WriteFile(module, variant("two"), 0o644))
			check(t, os.Chtimes(module, info.ModTime(), info.ModTime()))
		}},
		"blob too": {harm: func(t *testing.T, dir, module string) {
			check(t, os.Remove(module))
			check(t, os.RemoveAll(filepath.Join(dir, "target", "astrid-dev", "blobs")))
		}, want: ErrNoCopy},
		"damaged blob": {harm: func(t *testing.T, dir, module string) {
			check(t, os.Remove(module))
			blobs, err := filepath.Glob(filepath.Join(dir, "target", "astrid-dev", "blobs", "*"))
			check(t, err)
			check(t, os.Chmod(blobs[0], 0o644))
			check(t, os.WriteFile(blobs[0], empty, 0o644))
		}, want: ErrNoCopy},
		"the whole target": {harm: func(t *testing.T, dir, module string) {
			check(t, os.Remove(module))
			check(t, os.RemoveAll(filepath.Join(dir, "target")))
		}, want: ErrNoCopy},
	} {
		t.Run(name, func(t *testing.T) {
			b, dir := New(Options{}), capsuleDir(t, copies)
			_, in := publish(t, b, dir)
			module := filepath.Join(dir, "copy.wasm")
			if !b.Stands(dir, in.Key) {
				t.Fatal("what was just published does not stand")
			}
			c.harm(t, dir, module)
			if b.Stands(dir, in.Key) {
				t.Fatal("the harm was not seen")
			}
			p, files, err := b.Restore(t.Context(), dir, in.Key)
			if c.want != nil {
				if !errors.Is(err, c.want) {
					t.Fatalf("got %v, want %v", err, c.want)
				}
				return
			}
			check(t, err)
			if len(files) != 1 || files[0] != "copy.wasm" || len(p.Modules) != 1 || !b.Stands(dir, in.Key) {
				t.Errorf("put back %v of %v", files, p)
			}
		})
	}
}

func TestRestoreLeavesALinkAlone(t *testing.T) {
	hasLinks(t)
	b, dir := New(Options{}), capsuleDir(t, copies)
	_, in := publish(t, b, dir)
	module, theirs := filepath.Join(dir, "copy.wasm"), filepath.Join(dir, "theirs.wasm")
	check(t, os.Rename(module, theirs))
	check(t, os.Symlink("theirs.wasm", module))
	_, _, err := b.Restore(t.Context(), dir, in.Key)
	var failure *finding.Failure
	if !errors.As(err, &failure) || failure.Findings[0].Code != "publish-refused" {
		t.Fatalf("got %v", err)
	}
	if info, err := os.Lstat(module); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was not left alone: %v %v", info, err)
	}
}
