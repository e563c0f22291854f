package watcher

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// A file of the program's own that is gone is noticed at once, with its folder too, and once more when it was made again; nobody
// hears of it as of a change.
func TestOwnFileIsMissedAtOnce(t *testing.T) {
	both(t, func(t *testing.T, poll bool) {
		root, beside := folderOf(t), folderOf(t)
		own := filepath.Join(beside, "of", "mine", "name.json")
		testkit.Write(t, own, "first")
		ticks := make(chan struct{}, 100)
		w := start(t, poll, Plan{Roots: []string{root}, Own: own}, func(c *Config) {
			c.seams.idleTick = time.Hour
			c.Tick = func() { ticks <- struct{}{} }
		})
		for name, remove := range map[string]func() error{
			"the file":          func() error { return os.Remove(own) },
			"its folder":        func() error { return os.RemoveAll(filepath.Dir(own)) },
			"the folder's own":  func() error { return os.RemoveAll(filepath.Join(beside, "of")) },
			"the file, renamed": func() error { return os.Rename(own, own+".old") },
		} {
			w.rest()
			for len(ticks) > 0 {
				<-ticks
			}
			testkit.Check(t, remove())
			select {
			case <-ticks:
			case <-time.After(patience):
				t.Fatalf("nobody misses it after %s is gone", name)
			}
			testkit.Write(t, own, "again")
			select { // it is another file
			case <-ticks:
			case <-time.After(patience):
				t.Fatalf("nobody sees it come back after %s was gone", name)
			}
		}
		w.rest()
		for path := range w.seen {
			if path == beside || below(path, beside) {
				t.Errorf("%s is told of", path)
			}
		}
	})
}
