//go:build unix

package main

import (
	"syscall"
	"time"
)

// processor is what this process has used of it.
func processor() time.Duration {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
