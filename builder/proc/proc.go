// Package proc runs a command and leaves no process of it behind.
//
// Run does not start the command itself. It starts this program once more, as
// a guardian (hidden first argument "__guardian"), and the guardian starts the
// command. The guardian holds the read end of a pipe whose only write end is
// held here: closing it, or dying, kill -9 included, makes the guardian end
// everything that the command started. A death signal alone would reach only
// the direct child.
//
//	this program --control pipe--> guardian (own session) --> command --> its children
//	             <--status pipe---
//
// What a process is judged by is its session: whatever is in the guardian's
// session belongs to the command and is ended. A process that made a session
// of its own (a daemon) is named in Result.Strays and left alone.
//
// On Linux the guardian is a subreaper and reads /proc, so that members with a
// process group of their own and orphans are found. On other Unix systems it
// signals the command's process group, and on Windows a job object takes the
// guardian's place.
//
// The files call one way, from top to bottom:
//
//	guardian_*.go  the guardian: starts the command and ends its session
//	limits_*.go    limits that a command is given before it runs
//	order_*.go     in which order a session is ended
//	proc.go        Run
//	run_*.go       one command, seen from here
//	suspend_*.go   stopping and continuing with the terminal
//	session_*.go   who belongs to a session
//	lookup.go      which program a name stands for
//	lookup_*.go    what may be run
//	environ.go      a variable of a command's environment
//	pipes_*.go     input and output
//	tail.go        the end of an output
package proc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"
)

// DefaultGrace is the time between the polite and the final signal: short
// enough that Ctrl-C ends all within two seconds, long enough for a compiler
// to remove its temporary files.
const DefaultGrace = time.Second

// Command says what to run. It is not changed by Run.
type Command struct {
	// Argv is the program and its arguments, any bytes but NUL. A program
	// without a slash is looked for in the PATH of Env; entries of PATH that
	// are not absolute are passed over, as os/exec does. One with a slash
	// that is not absolute is taken from Dir.
	Argv []string
	Dir  string   // working folder; "" is this process's own
	Env  []string // complete: nothing is inherited. Of equal keys the last counts.

	Stdin []byte // nil: the null device

	// StdinLater is for a command that is started before it is known what it shall do, or
	// that is told one thing after another: each value that is received is written to its
	// standard input, which ends when the channel is closed. Whoever calls Run closes it when
	// Run has returned, at the latest.
	StdinLater <-chan []byte

	// Stdout and Stderr are written by goroutines that have ended when Run
	// returns; when both are the same value, by one, so never concurrently.
	// nil discards. A writer that blocks holds up the command and Run; after
	// one that fails, the rest is read and discarded.
	Stdout, Stderr io.Writer

	Timeout time.Duration // 0: none
	Grace   time.Duration // between SIGTERM and SIGKILL; 0: DefaultGrace
	Limits  Limits
}

// Limits are applied to the command before it runs, and so to what it starts,
// each process for itself. Zero is no limit. Windows ignores them.
type Limits struct {
	AddressSpace uint64 // bytes, RLIMIT_AS
	CPUSeconds   uint64 // RLIMIT_CPU: SIGXCPU then, SIGKILL a second later
}

// Result is how a command ended.
type Result struct {
	ExitCode  int           // -1: a signal ended it, or it was cancelled before it began
	Signal    string        // the signal that ended it, such as "SIGKILL"
	Duration  time.Duration // from the command's start to its own end
	TimedOut  bool          // Timeout passed before it ended
	Cancelled bool          // the context ended before it did
	Strays    []Stray       // at most 32
}

// faults are the signals of a command's own faults and limits, and of a reader that went away.
var faults = []string{"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGTRAP", "SIGSYS", "SIGXCPU", "SIGXFSZ", "SIGPIPE"}

// Killed reports whether somebody else ended the command: by a signal that Run did not send, and that no
// fault of its own raises. What has UsedUp its time looks the same.
func (r Result) Killed() bool {
	return r.Signal != "" && !r.TimedOut && !r.Cancelled && !slices.Contains(faults, r.Signal)
}

// UsedUp reports whether the command ended because it had used that many seconds of a processor: by SIGXCPU, or, as
// Go ignores that, by the kernel's SIGKILL a second later.
func (r Result) UsedUp(cpuSeconds uint64) bool {
	return r.Signal == "SIGXCPU" || r.Signal == "SIGKILL" && r.Duration >= time.Duration(cpuSeconds)*time.Second
}

// Stray is a process that outlives the command: in a session of its own it is
// outside what Run ends. It was not signalled and is not waited for.
type Stray struct {
	PID     int
	Command string // its command line, at most 200 bytes; control characters are spaces
}

// ErrDeserted says that a command ran and was ended because its guardian was killed.
var ErrDeserted = errors.New("its guardian was killed, so it was ended too")

// Run runs c and returns when c and everything in its session has ended.
// A command that fails is no error: that is in the Result. An error means that
// the command could not be started (errors.Is exec.ErrNotFound when the program
// does not exist, fs.ErrPermission when it may not be executed), or, as
// ErrDeserted, that its guardian was killed; nothing of it is left then either.
//
// When ctx ends, or the Timeout passes, all processes get SIGTERM and, after
// the Grace, SIGKILL; should this process be killed, the Grace is at most 300 ms. Run may be called concurrently. Programs that call it
// must call Main first.
func Run(ctx context.Context, c Command) (Result, error) {
	if len(c.Argv) == 0 || c.Argv[0] == "" {
		return Result{ExitCode: -1}, errors.New("running a command: it is empty")
	}
	if ctx.Err() != nil {
		return Result{ExitCode: -1, Cancelled: true}, nil
	}
	if err := checkDir(c.Dir); err != nil {
		return Result{ExitCode: -1}, fmt.Errorf("running %q: %w", c.Argv[0], err)
	}
	path, err := lookPath(c.Argv[0], c.Dir, c.Env)
	if err != nil {
		return Result{ExitCode: -1}, fmt.Errorf("running %q: %w", c.Argv[0], err)
	}
	if c.Grace <= 0 {
		c.Grace = DefaultGrace
	}
	r, err := run(ctx, c, path)
	if err != nil {
		return r, fmt.Errorf("running %q: %w", c.Argv[0], err)
	}
	return r, nil
}

func checkDir(dir string) error {
	if dir == "" {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("in its folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("in %q: not a folder", dir)
	}
	return nil
}
