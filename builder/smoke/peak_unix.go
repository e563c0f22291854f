//go:build unix

package smoke

import "golang.org/x/sys/unix"

// peakResident is the most memory this process has had resident, in bytes; 0 when unknown.
func peakResident() uint64 {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return uint64(u.Maxrss) * maxrssUnit
}
