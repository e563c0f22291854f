//go:build unix

package ask

import (
	"io/fs"
	"os"
	"syscall"
)

// hasModes: who may enter a folder is in its mode.
const hasModes = true

func ownedByMe(info fs.FileInfo) bool {
	s, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(s.Uid) == os.Getuid()
}
