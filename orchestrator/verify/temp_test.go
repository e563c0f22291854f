package verify

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTempIsAbsolute(t *testing.T) {
	needs(t, "sh")
	root := folder(t)
	capsuleAt(t, filepath.Join(root, "one"), "one", wasm)
	t.Chdir(t.TempDir())
	if err := os.Mkdir("here", 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", "here")
	r, err := Run(t.Context(), Config{Dirs: []string{filepath.Join(root, "one")}})
	if err != nil || r.Summary.Passed != 1 {
		t.Errorf("%+v, %v", r.Capsules, err)
	}
}
