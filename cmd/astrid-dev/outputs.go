package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

// output is stdout or stderr, and remembers whether something could not be written to
// it. So no command has to: who asked for an answer and did not get it is told so with
// an exit code, whatever printed the answer.
//
// A descriptor that is closed (>&-) is not noticed: before any code of this program runs,
// Go opens /dev/null in its place, which looks like a caller who wants no answer.
type output struct {
	file *os.File
	name string

	mu   sync.Mutex // guards what follows
	err  error      // the first one
	gone func()     // called once when nobody reads any more; may be nil
}

// Write writes p, whatever was refused before.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.file.Write(p)
	if err != nil {
		o.refused(err)
	}
	return n, err
}

// Fd is the descriptor, by which a terminal is known.
func (o *output) Fd() uintptr { return o.file.Fd() }

func (o *output) refused(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		o.err = err
	}
	if o.gone != nil && errors.Is(err, syscall.EPIPE) {
		o.gone()
		o.gone = nil
	}
}

// whenGone has end called when the reader goes away.
func (o *output) whenGone(end func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gone = end
}

// unwritten is what kept the answer of a command from being written, which is more than
// any other outcome: nobody has read that. nil: it was written. err is what the command
// ended with, which may say so itself.
func (o *output) unwritten(err error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		return nil
	}
	var said *usage.Error
	if errors.As(err, &said) && said.Hint != "" && errors.Is(err, o.err) {
		return err
	}
	cause := o.err
	var at *fs.PathError // "write /dev/stdout" is not what a person calls it
	if errors.As(cause, &at) {
		cause = at.Err
	}
	return usage.Hint(fmt.Errorf("the answer could not be written to %s: %w", o.name, cause), "give it to a program that reads to the end, or to a disk that has space")
}

// outputs are those of the program. Commands get them as cobra's.
type outputs struct{ stdout, stderr *output }

// newOutputs gives root's commands their outputs. When nobody reads any more what watch or
// build tell people, stop ends them.
func newOutputs(root *cobra.Command, stop func()) outputs {
	o := outputs{&output{file: os.Stdout, name: "stdout"}, &output{file: os.Stderr, name: "stderr"}}
	root.SetOut(o.stdout)
	root.SetErr(o.stderr)
	before := root.PersistentPreRunE
	root.PersistentPreRunE = func(cmd *cobra.Command, args []string) error {
		if o.answer(cmd) == o.stderr {
			o.stderr.whenGone(stop)
		}
		return before(cmd, args)
	}
	return o
}

// answer is where cmd answers: watch and build tell people on stderr.
func (o outputs) answer(cmd *cobra.Command) *output {
	if cmd != nil && (cmd.Name() == "watch" || cmd.Name() == "build") && !asJSON(cmd) && !cmd.Flags().Changed("help") {
		return o.stderr
	}
	return o.stdout
}
