package reader

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// cacheFolder is set by UseCache.
var cacheFolder atomic.Pointer[string]

// CacheFolder is where compiled readers are kept between processes: below the user's own
// cache, unless UseCache said otherwise. "" means nowhere.
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

// UseCache sets CacheFolder, for a process that does not know the user. It is called
// before the first Shared.
func UseCache(folder string) { cacheFolder.Store(&folder) }

// Shared is this process's reader, compiled when it is first asked for and never closed.
var Shared = sync.OnceValues(func() (*Reader, error) { return New(context.Background(), CacheFolder()) })
