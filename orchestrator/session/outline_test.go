package session

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// What one watch keeps the next one of the same roots goes by, unless somebody else may have written it.
func TestOutlineOfTheWatchBefore(t *testing.T) {
	if runtime.GOOS != "linux" {
		testkit.Skip(t, "the cache folder is named by a variable on Linux alone")
	}
	cache := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", cache)
	root := t.TempDir()
	testkit.Write(t, filepath.Join(root, "a", "b", tree.ManifestName), "")
	search := func(known *tree.Outline) *tree.Outline {
		found, err := tree.Find(t.Context(), tree.Search{Roots: []string{root}, Known: known})
		testkit.Check(t, err)
		return found.Outline
	}
	roots := []string{root}
	testkit.Wait(t, "a watch that goes by what the one before it kept", func() bool { // until the folders' times tell of each change nothing is kept
		keepOutline(roots, search(keptOutline(roots)))
		kept, err := os.ReadDir(filepath.Join(cache, "astrid-dev", "outlines"))
		return err == nil && len(kept) == 1 && !search(keptOutline(roots)).News()
	})
	if !search(keptOutline([]string{root, "/other"})).News() {
		t.Error("other roots have the same outline")
	}
	testkit.Check(t, os.Chmod(filepath.Join(cache, "astrid-dev", "outlines"), 0o777))
	if !search(keptOutline(roots)).News() {
		t.Error("what anybody can write is gone by")
	}
}
