package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Skip ends a test that this machine cannot run, and says why. Where ASTRID_DEV_NO_SKIP is
// set, as in CI, it fails instead.
func Skip(t testing.TB, format string, args ...any) {
	t.Helper()
	if err := MaySkip(format, args...); err != nil {
		t.Fatal(err)
	}
	t.Skipf(format, args...)
}

// MaySkip is nil, or, where nothing may be skipped, an error that names what is missing.
func MaySkip(format string, args ...any) error {
	if os.Getenv("ASTRID_DEV_NO_SKIP") == "" {
		return nil
	}
	return fmt.Errorf("ASTRID_DEV_NO_SKIP is set, so that this test may not be skipped: "+format, args...)
}

// Needs skips a test where one of the programs is not in PATH.
func Needs(t testing.TB, programs ...string) {
	t.Helper()
	for _, program := range programs {
		if _, err := exec.LookPath(program); err != nil {
			Skip(t, "%s is not in PATH", program)
		}
	}
}
