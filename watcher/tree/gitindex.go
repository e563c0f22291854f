package tree

import (
	"sync"
)

// Cache remembers git's indexes between rules. The zero value is ready; it may
// be used concurrently, and must not be copied. It holds the paths of one index
// for each repository, about as many bytes as the index has.
type Cache struct {
	mu      sync.Mutex        // guards indexes
	indexes map[string]*names // by the index file's path
}

// index is what a repository tracks.
type index struct {
	path  string
	cache *Cache

	once  sync.Once
	names *names
}

type names struct{}

func (x *index) tracks(path string) bool { return false }
func (x *index) holds(path string) bool  { return false }
