//go:build !linux

package watcher

// Limits returns zeros: there is no inotify here.
func Limits() (InotifyLimits, error) { return InotifyLimits{}, nil }

// FileSystem trusts every file system and names none: only Linux tells their kinds apart.
func FileSystem(path string) (kind string, events bool, err error) {
	return "", true, nil
}

// KnownFileSystem knows none: only Linux tells their kinds apart.
func KnownFileSystem(kind string) (known, isPseudo bool) { return false, false }
