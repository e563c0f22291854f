package smoke

import (
	"os"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/proc"
)

// TestMain lets the test binary be the guardian, the child, and a child that misbehaves.
func TestMain(m *testing.M) {
	if code, handled := proc.Main(os.Args[1:]); handled {
		os.Exit(code)
	}
	if code, handled := Main(os.Args[1:]); handled {
		os.Exit(code)
	}
	if len(os.Args) == 3 && os.Args[1] == "__misbehave" {
		misbehave(os.Args[2])
		os.Exit(0)
	}
	os.Exit(m.Run())
}
