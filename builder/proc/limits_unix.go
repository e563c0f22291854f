//go:build unix

package proc

import (
	"encoding/json"
	"os"
	"runtime/debug"
	"syscall"

	"golang.org/x/sys/unix"
)

const verdictFD = 3 // write end; closed by a successful exec, else it gets a status line

// limitMain sets the limits in args and becomes the command. It is a process
// of its own, because a limit on the guardian would strangle the guardian, and
// one set from outside on a running command would come late.
func limitMain(args []string) int {
	verdict := os.NewFile(verdictFD, "verdict")
	unix.CloseOnExec(verdictFD)
	if len(args) < 4 {
		return 2
	}
	limits, err := parseLimits(args[:2])
	if err != nil {
		return 2
	}
	debug.SetGCPercent(-1) // nothing may grow between the limit and the exec
	env := os.Environ()
	if err = setLimit(unix.RLIMIT_CPU, limits.CPUSeconds, 1); err == nil {
		err = setLimit(unix.RLIMIT_AS, limits.AddressSpace, 0)
	}
	if err == nil {
		err = syscall.Exec(args[2], args[3:], env)
	}
	_ = json.NewEncoder(verdict).Encode(fault("starting it under limits", err))
	return 1
}

// setLimit sets the soft limit, and the hard one extra above it, both within
// the hard limit that is already there. 0 sets none.
func setLimit(resource int, value, extra uint64) error {
	if value == 0 {
		return nil
	}
	var l unix.Rlimit
	if err := unix.Getrlimit(resource, &l); err != nil {
		return err
	}
	l.Cur, l.Max = min(value, l.Max), min(value+extra, l.Max)
	return unix.Setrlimit(resource, &l)
}

// fault is the guardian's word that it could not do something.
func fault(doing string, err error) status {
	errno, ok := err.(syscall.Errno)
	if !ok {
		doing += ": " + err.Error()
	}
	return status{Fault: doing, Errno: errno}
}
