//go:build unix

package main

import (
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"

	"github.com/astrid-runtime/astrid-dev/builder"
)

// stoppedAtMost is how long a program that was not stopped waits to be continued: where there is
// no shell that could do that the kernel does not stop it.
const stoppedAtMost = time.Second

// suspendable takes the terminal's Ctrl-Z to all commands that run, which have
// sessions of their own and would go on, and wakes them when the program goes on. The screen
// gives the terminal back meanwhile.
func suspendable(s *screen) {
	if signal.Ignored(unix.SIGTSTP) {
		return
	}
	stop, woken := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(woken, unix.SIGCONT)
	signal.Notify(stop, unix.SIGTSTP)
	for range stop {
		builder.Suspend()
		s.suspend()
		drain(woken)
		stopHere()
		select {
		case <-woken: // it stood still until here
		case <-time.After(stoppedAtMost):
		}
		builder.Resume()
		s.resume()
	}
}

func drain(signals <-chan os.Signal) {
	select {
	case <-signals:
	default:
	}
}

// resized is told when the terminal has another size.
func resized(changed chan<- os.Signal) { signal.Notify(changed, unix.SIGWINCH, unix.SIGCONT) }
