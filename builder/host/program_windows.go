package host

import (
	"errors"
	"os"
	"syscall"
)

// On Windows there are no groups and no signals; the job object around the child ends what is left.

func ownGroup() *syscall.SysProcAttr { return nil }

func killGroup(p *os.Process) { _ = p.Kill() }

func signalProgram(*os.Process, processSignal, bool) error {
	return errors.New("process signals unsupported on this platform")
}

func signalOf(*os.ProcessState) (int32, bool) { return 0, false }
