package shared

import (
	"context"
	"errors"
	"time"
)

// ErrNoMachine is in the error of a Machine that did not run the work, or whose answer says
// nothing of it. Such work is done here.
var ErrNoMachine = errors.New("another machine did not do it")

// Work is a command for another machine, which has its tools and nothing of this one but Files.
type Work struct {
	Root    string   // the folder of which the other machine gets a part, absolute
	Dir     string   // where the command runs, Root or below it
	Files   []string // what it reads: files and symbolic links below Root, absolute
	Argv    []string
	Env     []string // complete, NAME=VALUE; values say nothing of Root
	Outputs []Output
	Timeout time.Duration // of the command
}

// Action is the variable with which a machine tells a command what it is: the hash of all that it
// was given. A command that leaves it among its outputs shows whose answer they are.
const Action = "ASTRID_DEV_ACTION"

// Output is a file or a folder that the command makes.
type Output struct {
	There string // seen from Dir, with slashes
	Here  string // where it is put, absolute
}

// Ran is how a command ended on another machine.
type Ran struct {
	ExitCode       int
	Stdout, Stderr []byte // the newest of it, where it is much
	Cached         bool   // it ran before, on the same files
	Action         string // what Action said to the command that this is the answer to
	Machine        string // its name, where the server tells it
}

// Machine runs commands elsewhere. It is safe for concurrent use.
type Machine interface {
	// Run ends when the command has, with its outputs in place: whole ones, which are what the
	// server's answer names. The error wraps ErrNoMachine, or is ctx's.
	Run(ctx context.Context, w Work) (Ran, error)
}
