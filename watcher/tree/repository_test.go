package tree

import (
	"os"
	"path/filepath"
	"testing"
)

// A repository that is somebody's home holds dotfiles, and not what a capsule is part of.
func TestRepository(t *testing.T) {
	home := t.TempDir()
	project := filepath.Join(home, "project")
	capsule := filepath.Join(project, "capsules", "a")
	loose := filepath.Join(home, "loose")
	for _, dir := range []string{filepath.Join(home, ".git"), filepath.Join(project, ".git"), capsule, loose} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for dir, want := range map[string]string{capsule: project, project: project, loose: "", home: ""} {
		if got := Repository(dir, home); got != want {
			t.Errorf("%s lies in %q, want %q", dir, got, want)
		}
	}
	if got := Repository(loose, ""); got != home {
		t.Errorf("nobody's home: %q", got)
	}
}
