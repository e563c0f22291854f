package fsys

import (
	"os"
	"path/filepath"
	"testing"
)

func TestScratchOfAKilledRunIsRemoved(t *testing.T) {
	const prefix = ScratchVerify
	base := t.TempDir()
	scratch := func(prefix string) Scratch {
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
	living, killed, other := scratch(prefix), scratch(prefix), scratch(ScratchLive)
	file(filepath.Join(killed.Dir, "1", "copy"))
	killed.lock.Close() // what the kernel does
	other.lock.Close()
	unknown, foreign := filepath.Join(base, prefix+"unknown"), filepath.Join(base, "astrid-dev-other-1")
	file(filepath.Join(unknown, "file")) // no lock, so not ours to remove
	file(filepath.Join(foreign, "lock"))
	third := scratch(prefix)
	for dir, want := range map[string]bool{living.Dir: true, killed.Dir: false, other.Dir: false, third.Dir: true, unknown: true, foreign: true} {
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

// Also where nobody makes a folder what was left is removed.
func TestWhatKilledRunsLeftIsSwept(t *testing.T) {
	base := t.TempDir()
	t.Setenv("TMPDIR", base)
	t.Setenv("TMP", base)
	for _, kind := range scratches {
		s, err := MakeScratch("", kind)
		if err != nil {
			t.Fatal(err)
		}
		s.lock.Close()
	}
	SweepScratch()
	if left, _ := os.ReadDir(base); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
