package verify

import (
	"bytes"
	"context"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// difference is where two modules differ first.
type difference struct {
	where string // "custom section \"name\"", "data section, segment 2 ..."
	a, b  int    // offsets of the first differing byte in either file
}

// firstDifference compares section by section, because one longer section moves all that
// follow. ok is false when the two are equal.
func firstDifference(ctx context.Context, a, b []byte) (d difference, ok bool) {
	if bytes.Equal(a, b) {
		return difference{}, false
	}
	if r, err := reader.Shared(); err == nil {
		if found, err := r.Difference(ctx, a, b); err == nil {
			return difference{found.Place, int(found.A), int(found.B)}, true
		}
	}
	n := alike(a, b)
	return difference{"the bytes", n, n}, true
}

// alike is how many bytes a and b begin with in common.
func alike(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}
