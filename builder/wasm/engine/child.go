package engine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// MaxModule is how many bytes a module may have: more than any capsule by far;
// reading more would only fill the memory.
const MaxModule = 256 << 20

// AddressSpace is what a child gets where its caller does not say. Measured under prlimit:
// before the guest's first byte a Go process maps 1.0 to 1.5 GB, a 12 MB JavaScript component
// needs 2.0. Three leaves it half as much again, and keeps the worst guest (2,000 nested calls
// with 50,000 locals each) below 2 GB of real memory.
const AddressSpace = 3 << 30

// ErrTooLarge is a file of more than MaxModule bytes.
var ErrTooLarge = fmt.Errorf("the file is larger than %d MiB", MaxModule>>20)

// Child is a child's Main: with args (os.Args without the program) that are the hidden argument
// name and the reader's cache folder it serves what comes on standard input, and handled is true.
func Child(args []string, name string, serve func(in io.Reader, out io.Writer) error) (code int, handled bool) {
	if len(args) != 2 || args[0] != name {
		return 0, false
	}
	reader.UseCache(args[1])
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, strings.TrimSpace(err.Error()))
		return 1, true
	}
	return 0, true
}

// OutOfMemory reports whether what a child said last is that its address space was too small.
func OutOfMemory(said string) bool {
	return strings.Contains(said, "out of memory") || strings.Contains(said, "cannot allocate memory") || strings.Contains(said, "failed to allocate")
}

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
