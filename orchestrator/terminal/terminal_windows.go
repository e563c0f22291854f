package terminal

import (
	"errors"
	"io"
	"os"
)

// mode does not exist here: keys are followed by Enter.
type mode struct{}

func modeOf(*os.File) (*mode, error) { return nil, errors.ErrUnsupported }

func (*mode) enter(*os.File) error { return errors.ErrUnsupported }

func (*mode) leave(*os.File) {}

func (*mode) signal(byte) bool { return false }

func inForeground(*os.File) (bool, error) { return true, nil }

// NewReader reads what is typed in file, a terminal.
func NewReader(file *os.File) io.Reader { return file }

type keeper struct{}

func keep(*os.File, *mode) *keeper { return nil }

func (*keeper) close() {}

// Main is the whole program as a keeper, if args ask for that.
func Main([]string) (code int, handled bool) { return 0, false }
