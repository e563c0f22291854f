package engine

import (
	"errors"
	"fmt"
	"io"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// MaxModule is how many bytes a module may have: more than any capsule by far;
// reading more would only fill the memory.
const MaxModule = 256 << 20

// ErrTooLarge is a file of more than MaxModule bytes.
var ErrTooLarge = fmt.Errorf("the file is larger than %d MiB", MaxModule>>20)

// ReadModule reads a regular file of at most MaxModule bytes.
func ReadModule(path string) ([]byte, error) {
	f, err := fsys.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > MaxModule {
		return nil, ErrTooLarge
	}
	// The size is known, so that the file is read into one allocation.
	b := make([]byte, info.Size())
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:n], nil
}
