package guest

import (
	"os"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// TestMain lets the test binary be the guardian and the child.
func TestMain(m *testing.M) {
	testkit.Handle(proc.Main, Main)
	if len(os.Args) == 2 && os.Args[1] == "__babble" {
		babble()
		os.Exit(0)
	}
	os.Exit(m.Run())
}
