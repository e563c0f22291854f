package workspace

import (
	"os"
	"path/filepath"
	"testing"
)

func TestTempOfAKilledRunIsRemoved(t *testing.T) {
	base := t.TempDir()
	t.Setenv("TMPDIR", base)
	living, err := makeTemp()
	if err != nil {
		t.Fatal(err)
	}
	killed, err := makeTemp()
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(killed.dir, "1", "copy"), "x")
	killed.lock.Close() // what the kernel does
	write(t, filepath.Join(base, tempPrefix+"unknown", "file"), "no lock, so not ours to remove")
	third, err := makeTemp()
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{living.dir: true, killed.dir: false, third.dir: true, filepath.Join(base, tempPrefix+"unknown"): true} {
		if Exists(dir) != want {
			t.Errorf("%s is there: %v", dir, !want)
		}
	}
	living.remove()
	third.remove()
	if left, _ := os.ReadDir(base); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}
