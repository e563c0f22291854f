//go:build unix

package proc

import "sync"

// suspended is the one state of the package: a program is stopped as a whole.
var suspended = struct {
	starting   sync.RWMutex // held for reading while a guardian is started: who suspends waits until it is known
	sync.Mutex              // guards all below
	yes        bool
	running    map[*session]bool
}{running: map[*session]bool{}}

// Suspend stops every command that runs, with all that it started, and those
// that are started meanwhile, until Resume. Their timeouts go on. What made a
// session of its own is not stopped.
func Suspend() { suspendAll(true) }

// Resume continues what Suspend stopped.
func Resume() { suspendAll(false) }

func suspendAll(yes bool) {
	suspended.starting.Lock()
	defer suspended.starting.Unlock()
	suspended.Lock()
	defer suspended.Unlock()
	if suspended.yes == yes {
		return
	}
	suspended.yes = yes
	for s := range suspended.running {
		s.suspend(yes)
	}
}

// enter makes s known until leave.
func (s *session) enter() {
	suspended.Lock()
	defer suspended.Unlock()
	suspended.running[s] = true
	if suspended.yes {
		s.suspend(true)
	}
}

// leave must come before s.control is closed.
func (s *session) leave() {
	suspended.Lock()
	defer suspended.Unlock()
	delete(suspended.running, s)
}

// suspend stops what the guardian guards, or continues it. A guardian that has
// ended meanwhile reads nothing, and the write fails.
func (s *session) suspend(yes bool) {
	word := byte(wordContinue)
	if yes {
		word = wordSuspend
	}
	_, _ = s.control.Write([]byte{word})
}
