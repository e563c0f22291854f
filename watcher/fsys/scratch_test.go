package fsys

import (
	"os"
	"path/filepath"
	"testing"
)

func TestScratchOfAKilledRunIsRemoved(t *testing.T) {
	const prefix = "astrid-dev-test-"
	base := t.TempDir()
	scratch := func() Scratch {
		s, err := MakeScratch(base, prefix)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	file := func(path string) {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	living, killed := scratch(), scratch()
	file(filepath.Join(killed.Dir, "1", "copy"))
	killed.lock.Close() // what the kernel does
	unknown, other := filepath.Join(base, prefix+"unknown"), filepath.Join(base, "astrid-dev-other-1")
	file(filepath.Join(unknown, "file")) // no lock, so not ours to remove
	file(filepath.Join(other, "lock"))
	third := scratch()
	for dir, want := range map[string]bool{living.Dir: true, killed.Dir: false, third.Dir: true, unknown: true, other: true} {
		if there := Lstat(dir).Kind == Folder; there != want {
			t.Errorf("%s is there: %v", dir, there)
		}
	}
	living.Remove()
	third.Remove()
	if left, _ := os.ReadDir(base); len(left) != 2 {
		t.Errorf("left: %v", left)
	}
}
