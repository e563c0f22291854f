package engine

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// AddressSpace is what a child gets where its caller does not say. Measured under prlimit:
// before the guest's first byte a Go process maps 1.0 to 1.5 GB, a 12 MB JavaScript component
// needs 2.0. Three leaves it half as much again, and keeps the worst guest (2,000 nested calls
// with 50,000 locals each) below 2 GB of real memory.
const AddressSpace = 3 << 30

// LeastComponent is the smallest component. A child loads it while nobody waits, so that what every load needs is there.
const LeastComponent = "\x00asm\x0d\x00\x01\x00"

// grown is the resident memory of a child that loads nothing more, in bytes: twice what one has at its start.
const grown = 128 << 20

// Worn reports whether a child should load nothing more, which had peak bytes resident and used so many milliseconds of the seconds of a
// processor that it may use: it has grown, or used much of its time, or nobody knows.
func Worn(peak uint64, used float64, seconds uint64) bool {
	return peak == 0 || peak > grown || used > float64(seconds)*1000/10
}

// Child is a child's Main: with args (os.Args without the program) that are the hidden argument
// name and the reader's cache folder it serves what comes on standard input, and handled is true.
func Child(args []string, name string, serve func(in io.Reader, out io.Writer) error) (code int, handled bool) {
	if len(args) != 2 || args[0] != name {
		return 0, false
	}
	reader.InChild(args[1])
	hoardGarbage()
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
