//go:build !unix

package tree

import "testing"

func mkfifo(t testing.TB, path string) {
	t.Helper()
	skip(t, "needs FIFOs to make %q", path)
}
