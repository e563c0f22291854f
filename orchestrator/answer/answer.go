// Package answer is the outputs of a program whose exit code must not say that all is well
// when its answer could not be written.
package answer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

// Output is stdout or stderr, and remembers whether something could not be written to
// it. So no command has to: who asked for an answer and did not get it is told so with
// an exit code, whatever printed the answer. It is safe for concurrent use.
//
// A descriptor that is closed (>&-) is not noticed: before any code of this program runs,
// Go opens /dev/null in its place, which looks like a caller who wants no answer.
type Output struct {
	file *os.File
	name string

	mu   sync.Mutex // guards what follows
	err  error      // the first one
	gone func()     // called once when nobody reads any more; may be nil
}

// New is the output to file, which a person calls by name.
func New(file *os.File, name string) *Output { return &Output{file: file, name: name} }

// Write writes p, whatever was refused before.
func (o *Output) Write(p []byte) (int, error) {
	n, err := o.file.Write(p)
	if err != nil {
		o.refused(err)
	}
	return n, err
}

// Fd is the descriptor, by which a terminal is known.
func (o *Output) Fd() uintptr { return o.file.Fd() }

func (o *Output) refused(err error) {
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

// WhenGone has end called, once, when the reader goes away.
func (o *Output) WhenGone(end func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.gone = end
}

// Unwritten is what kept the answer of a command from being written, which is more than
// any other outcome: nobody has read that. nil: it was written. err is what the command
// ended with, which may say so itself.
func (o *Output) Unwritten(err error) error {
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
