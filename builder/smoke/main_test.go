package smoke

import (
	"os"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// TestMain lets the test binary be the guardian, the child, and a child that misbehaves.
func TestMain(m *testing.M) {
	testkit.Handle(proc.Main, Main)
	if len(os.Args) == 3 && os.Args[1] == "__misbehave" {
		misbehave(os.Args[2])
		os.Exit(0)
	}
	os.Exit(m.Run())
}
