//go:build unix && !linux

package proc

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Without /proc and subreapers a guardian knows only the command's process
// group: members that made a group of their own are not ended.

// self is this program's file; "" cannot be started and says so.
func self() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return path
}

func becomeSubreaper() {}

func guardianAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func dup(from, to int) error { return unix.Dup2(from, to) }

func (g *guardian) signal(sig unix.Signal) { _ = unix.Kill(-g.child, sig) }

func pursue(int) {}

// gone reports whether the command's group is empty.
func (g *guardian) gone() bool { return unix.Kill(-g.child, 0) == unix.ESRCH }

// sweepSession cannot know the command's group: the guardian died with it.
func sweepSession(int) {}

func strays() []Stray { return nil }
