package builder

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// What was published from a key is put back, and nothing for another key.
func TestRestore(t *testing.T) {
	b, dir := New(Options{}), capsuleDir(t, copies)
	_, in := publish(t, b, dir)
	module := filepath.Join(dir, "copy.wasm")
	check(t, os.Remove(module))
	if b.Stands(dir, in.Key) || b.Stands(dir, "another") {
		t.Error("it stands though it is gone")
	}
	if _, _, err := b.Restore(t.Context(), dir, "another"); !errors.Is(err, ErrNoCopy) {
		t.Errorf("got %v, want ErrNoCopy", err)
	}
	p, files, err := b.Restore(t.Context(), dir, in.Key)
	check(t, err)
	if len(files) != 1 || files[0] != "copy.wasm" || len(p.Modules) != 1 || p.SourceHash != in.SourceHash || !b.Stands(dir, in.Key) {
		t.Errorf("put back %v of %+v", files, p)
	}
	check(t, os.Remove(module))
	check(t, os.Mkdir(module, 0o755))
	var failure *finding.Failure
	if _, _, err := b.Restore(t.Context(), dir, in.Key); !errors.As(err, &failure) || failure.Findings[0].Code != finding.PublishRefused {
		t.Errorf("over a folder: %v", err)
	}
}
