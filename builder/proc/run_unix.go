//go:build unix

package proc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// status is one line from the guardian.
type status struct {
	Errno syscall.Errno `json:"errno,omitempty"` // the command could not be started
	Fault string        `json:"fault,omitempty"` // and what could not be done
	Ended *ended        `json:"ended,omitempty"` // everything is gone
}

type ended struct {
	Started bool            `json:"started"` // false: stopped before the command began
	Wait    unix.WaitStatus `json:"wait"`
	Took    time.Duration   `json:"took"`
	Stopped bool            `json:"stopped"` // stopping was asked for before the command's own end
	Strays  []Stray         `json:"strays,omitempty"`
}

// session is one guardian and its pipes, owned by the goroutine of run.
type session struct {
	cmd     *exec.Cmd
	control *os.File // closing it asks the guardian to stop everything
	status  *os.File
	pipes   *pipes
}

func run(ctx context.Context, c Command, path string) (Result, error) {
	s, err := startKnown(c, path)
	if err != nil {
		return Result{ExitCode: -1}, err
	}
	begun := time.Now()
	last, timedOut, cancelled := s.wait(ctx, c.Timeout, c.Grace)
	if last.Ended == nil && last.Fault == "" {
		_ = s.cmd.Process.Kill()        // it is dead, or stopped for good
		sweepSession(s.cmd.Process.Pid) // before Wait frees the guardian's pid, which names the session
	}
	_ = s.cmd.Wait() // what it has to say was in last
	s.status.Close()
	s.pipes.finish()
	return last.result(time.Since(begun), timedOut, cancelled)
}

// startKnown is start, of which no suspension sees a half: a command that runs and is not known would go on while
// its program stands still.
func startKnown(c Command, path string) (*session, error) {
	suspended.starting.RLock()
	defer suspended.starting.RUnlock()
	s, err := start(c, path)
	if err == nil {
		s.enter()
	}
	return s, err
}

// start starts the guardian with the pipes of c.
func start(c Command, path string) (s *session, err error) {
	if len(os.Args) > 1 && os.Args[1] == guardianArgument {
		// This is a guardian whose program did not call Main. It runs the program's own
		// work again, which has just asked for a guardian, and so on without end.
		return nil, errors.New("this program runs commands and does not call proc.Main first")
	}
	p, err := newPipes(c)
	if err != nil {
		return nil, err
	}
	defer p.closeChildEnds()
	defer func() {
		if err != nil {
			p.abandon()
		}
	}()
	controlR, controlW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer controlR.Close()
	statusR, statusW, err := os.Pipe()
	if err != nil {
		controlW.Close()
		return nil, err
	}
	defer statusW.Close()
	cmd := guardianCommand(c, path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = p.stdin, p.stdout, p.stderr
	cmd.ExtraFiles = []*os.File{controlR, statusW} // descriptors 3 and 4
	if err := cmd.Start(); err != nil {
		controlW.Close()
		statusR.Close()
		return nil, fmt.Errorf("starting its guardian: %w", err)
	}
	p.begin()
	return &session{cmd: cmd, control: controlW, status: statusR, pipes: p}, nil
}

func guardianCommand(c Command, path string) *exec.Cmd {
	argv := append([]string{os.Args[0], guardianArgument, c.Grace.String(),
		strconv.FormatUint(c.Limits.AddressSpace, 10), strconv.FormatUint(c.Limits.CPUSeconds, 10), c.Dir, path}, c.Argv...)
	return &exec.Cmd{Path: self(), Args: argv, Env: append([]string{}, c.Env...),
		// Its own session: the terminal's Ctrl-C and hang-up do not reach it.
		SysProcAttr: guardianAttr()}
}

// wait waits for the guardian's end and returns its last word. The zero status
// means that it died without one.
func (s *session) wait(ctx context.Context, timeout, grace time.Duration) (last status, timedOut, cancelled bool) {
	words := make(chan status, 1)
	go func() {
		var last status
		_ = json.NewDecoder(s.status).Decode(&last) // a torn line is as good as none
		words <- last
	}()
	expired, stop := timer(timeout)
	defer stop()
	defer s.control.Close()
	defer s.leave()
	select {
	case last = <-words:
		return last, false, false
	case <-expired:
		timedOut = true
	case <-ctx.Done():
		cancelled = true
	}
	s.leave()                                // what is stopped from here on is stopped for good
	_, _ = s.control.Write([]byte{wordStop}) // we live: the full grace
	s.control.Close()
	_ = s.cmd.Process.Signal(unix.SIGCONT) // a guardian that its own command stopped cannot obey
	overdue, stop := timer(grace + maxDying + wordSlack)
	defer stop()
	select {
	case last = <-words:
	case <-overdue: // stopped again, or worse: as good as killed
	}
	return last, timedOut, cancelled
}

// wordSlack is how long a guardian may take beyond its own limits to say its
// last word: seconds on a machine that swaps.
const wordSlack = 2 * time.Second

func (last status) result(took time.Duration, timedOut, cancelled bool) (Result, error) {
	r := Result{ExitCode: -1, Duration: took}
	e := last.Ended
	switch {
	case last.Fault != "":
		return r, startError(last)
	case e == nil:
		r.TimedOut, r.Cancelled = timedOut, cancelled
		return r, ErrDeserted
	}
	r.Strays = e.Strays
	r.TimedOut, r.Cancelled = timedOut && e.Stopped, cancelled && e.Stopped
	if !e.Started {
		return r, nil
	}
	r.Duration = e.Took
	if e.Wait.Signaled() {
		r.Signal = signalName(e.Wait.Signal())
	} else {
		r.ExitCode = e.Wait.ExitStatus()
	}
	return r, nil
}

func startError(s status) error {
	if s.Errno == unix.ENOENT {
		// The file was there a moment ago.
		return fmt.Errorf("%s: %w (the interpreter in its first line, or its loader, does not exist)", s.Fault, s.Errno)
	}
	if s.Errno == 0 {
		return errors.New(s.Fault)
	}
	return fmt.Errorf("%s: %w", s.Fault, s.Errno)
}

func signalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(s))
}

// timer returns a channel that fires after d, never when d is 0, and its stop.
func timer(d time.Duration) (<-chan time.Time, func() bool) {
	if d <= 0 {
		d = math.MaxInt64
	}
	t := time.NewTimer(d)
	return t.C, t.Stop
}
