//go:build unix

package main

import (
	"errors"
	"io"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"github.com/astrid-runtime/astrid-dev/builder"
)

// backgroundLook is how often a program in the background asks whether it is in
// the foreground again: no signal tells, and somebody who types waits for it.
const backgroundLook = time.Second

// terminalReader reads the terminal while the program is in its foreground, and
// waits otherwise. It ends with the terminal.
type terminalReader struct{ file *os.File }

// newTerminalReader ignores the signal that stops a program which reads from the
// background, so that such a read is an error: between a look at the terminal's
// foreground and the read anything may happen, and Ctrl-Z happens during reads.
func newTerminalReader(file *os.File) io.Reader {
	signal.Ignore(unix.SIGTTIN)
	return terminalReader{file}
}

func (r terminalReader) Read(p []byte) (int, error) {
	for {
		mine, err := inForeground(r.file)
		if err != nil {
			return 0, err
		}
		if mine {
			n, err := r.file.Read(p)
			if !errors.Is(err, unix.EIO) || n > 0 {
				return n, err
			}
			if mine, lost := inForeground(r.file); mine || lost != nil {
				return n, err // the terminal itself is gone
			}
		}
		time.Sleep(backgroundLook)
	}
}

// inForeground reports whether the terminal's keys are meant for this program.
func inForeground(file *os.File) (bool, error) {
	group, err := unix.IoctlGetInt(int(file.Fd()), unix.TIOCGPGRP)
	return group == unix.Getpgrp(), err
}

// suspendable takes the terminal's Ctrl-Z to all commands that run, which have
// sessions of their own and would go on, and wakes them when the program goes on.
func suspendable() {
	if signal.Ignored(unix.SIGTSTP) {
		return
	}
	stop, woken := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(woken, unix.SIGCONT)
	for {
		signal.Notify(stop, unix.SIGTSTP)
		<-stop
		builder.Suspend()
		drain(woken)
		signal.Reset(unix.SIGTSTP)
		_ = unix.Kill(os.Getpid(), unix.SIGTSTP)
		select { // the program stands still here
		case <-woken:
		case <-time.After(backgroundLook): // no shell that could continue it: the kernel did not stop it
		}
		builder.Resume()
	}
}

func drain(signals <-chan os.Signal) {
	select {
	case <-signals:
	default:
	}
}
