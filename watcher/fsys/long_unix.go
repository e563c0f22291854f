//go:build unix

package fsys

import (
	"strings"

	"golang.org/x/sys/unix"
)

// MaxPath is how many bytes a path may have that is handed to the system at once; 0 is
// no limit. Folders nest deeper than that, and a tool that names their files by whole
// paths cannot open them.
const MaxPath = unix.PathMax - 1

// openLong opens a path that is longer than the system takes at once.
func openLong(path string, flags int) (int, error) {
	at, rest, err := enter(path)
	if err != nil {
		return -1, err
	}
	defer unix.Close(at)
	return unix.Openat(at, rest, flags, 0)
}

// lstatLong describes such a path.
func lstatLong(path string, st *unix.Stat_t) error {
	at, rest, err := enter(path)
	if err != nil {
		return err
	}
	defer unix.Close(at)
	return unix.Fstatat(at, rest, st, unix.AT_SYMLINK_NOFOLLOW)
}

// enter opens folders of a long path, each as far along it as the system goes at once,
// until the rest is short enough.
func enter(path string) (at int, rest string, err error) {
	at, rest = unix.AT_FDCWD, path
	for at == unix.AT_FDCWD || len(rest) > MaxPath {
		cut := strings.LastIndexByte(rest[:min(len(rest), MaxPath+1)], '/')
		if cut <= 0 {
			if at != unix.AT_FDCWD {
				unix.Close(at)
			}
			return -1, "", unix.ENAMETOOLONG // one name is too long
		}
		next, err := unix.Openat(at, rest[:cut], unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if at != unix.AT_FDCWD {
			unix.Close(at)
		}
		if err != nil {
			return -1, "", err
		}
		at, rest = next, strings.TrimLeft(rest[cut:], "/")
	}
	return at, rest, nil
}
