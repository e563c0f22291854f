package main

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// Of many processes that make the user's key at once all have the same one, and none reads half of it.
func TestOneKey(t *testing.T) {
	for range testkit.Rounds(5, 50) {
		path := filepath.Join(t.TempDir(), "key")
		var mu sync.Mutex
		names := map[string]bool{}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				key, err := keyAt(path)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				defer mu.Unlock()
				names[key.ID] = true
			})
		}
		wg.Wait()
		left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
		hidden, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
		if len(names) != 1 || len(left) != 2 || len(hidden) > 0 {
			t.Fatalf("%d keys, in the folder %v and %v", len(names), left, hidden)
		}
	}
}
