//go:build unix

package engine

import "golang.org/x/sys/unix"

// Usage is the most memory this process has had resident, in bytes, and the milliseconds
// of processor time it has used; zeros when unknown.
func Usage() (peak uint64, cpu float64) {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0, 0
	}
	nanos := unix.TimevalToNsec(u.Utime) + unix.TimevalToNsec(u.Stime)
	return uint64(u.Maxrss) * maxrssUnit, float64(nanos/1000) / 1000
}
