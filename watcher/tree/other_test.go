//go:build !unix

package tree

import (
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func mkfifo(t testing.TB, path string) {
	t.Helper()
	testkit.Skip(t, "needs FIFOs to make %q", path)
}
