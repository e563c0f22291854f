package proof

import (
	"os"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// TestMain lets the test binary be the guardian and the guest's child.
func TestMain(m *testing.M) {
	testkit.Handle(proc.Main, guest.Main)
	os.Exit(m.Run())
}
