//go:build darwin || freebsd || openbsd || netbsd || dragonfly

package watcher

import (
	"os"

	"golang.org/x/sys/unix"
)

// descriptors is how many a watch on the folder path takes: kqueue opens it and
// each file in it.
func descriptors(path string) int {
	dir, err := os.Open(path)
	if err != nil {
		return 1
	}
	defer dir.Close() // nothing was written to it
	found, _ := dir.Readdirnames(-1)
	return 1 + len(found)
}

// descriptorBudget leaves three quarters of the limit to builds and everything else.
func descriptorBudget() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	const most = 1 << 30 // "no limit" does not fit an int everywhere
	return int(min(uint64(limit.Cur), most)) / 4
}
