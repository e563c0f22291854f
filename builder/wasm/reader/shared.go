package reader

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// cacheFolder is set by InChild; nil: this process is nobody's child.
var cacheFolder atomic.Pointer[string]

// CacheFolder is where compiled readers are kept between processes: below the user's own
// cache, or where InChild says. "" means nowhere.
func CacheFolder() string {
	if set := cacheFolder.Load(); set != nil {
		return *set
	}
	folder, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(folder, "astrid-dev")
}

// InChild says that this process is a child, which does not know the user, and that its parent ends it when it
// takes too long: a call of Shared then goes on when its context ends, and takes half the time, because its code need
// not look at the context in each loop. It is called before the first Shared.
func InChild(cache string) { cacheFolder.Store(&cache) }

// Shared is this process's reader, compiled when it is first asked for and never closed.
var Shared = sync.OnceValues(func() (*Reader, error) {
	return newReader(context.Background(), CacheFolder(), cacheFolder.Load() == nil)
})
