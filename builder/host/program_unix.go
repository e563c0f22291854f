//go:build unix

package host

import (
	"os"
	"syscall"
)

// ownGroup has a program lead a group of its own.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// killGroup ends a program with its group.
func killGroup(p *os.Process) {
	if syscall.Kill(-p.Pid, syscall.SIGKILL) != nil {
		_ = p.Kill()
	}
}

var signals = map[processSignal]syscall.Signal{"term": syscall.SIGTERM, "hup": syscall.SIGHUP, "usr1": syscall.SIGUSR1, "usr2": syscall.SIGUSR2,
	"int": syscall.SIGINT, "stop": syscall.SIGSTOP, "cont": syscall.SIGCONT}

// signalProgram sends a signal to a program, or to its group.
func signalProgram(p *os.Process, name processSignal, group bool) error {
	if group && syscall.Kill(-p.Pid, signals[name]) == nil {
		return nil
	}
	return syscall.Kill(p.Pid, signals[name])
}

// signalOf is the number of the signal that ended a process.
func signalOf(s *os.ProcessState) (int32, bool) {
	w, ok := s.Sys().(syscall.WaitStatus)
	return int32(w.Signal()), ok && w.Signaled()
}
