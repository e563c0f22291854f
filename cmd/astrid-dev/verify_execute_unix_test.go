//go:build unix

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/shared/remote/servers"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// A whole run with --execute on BuildGrid, whose own scheduler, queue and action cache are between the
// command and the machine that runs it.
func TestVerifyExecuteOnBuildGrid(t *testing.T) {
	testkit.Long(t)
	e := newExecuted(t, servers.BuildGridExecutes(t))
	out, passed := e.run("--execute-only")
	if passed || !strings.Contains(out, "local: failed") || !strings.Contains(out, "the command ended with 3: no secret [elsewhere-failed]") || !strings.Contains(out, "other machines built 1") {
		t.Errorf("with --execute-only: %s", out)
	}
	testkit.Write(t, filepath.Join(e.root, "good", "source"), string(testkit.Core(testkit.Section(0, testkit.Sized("n"), []byte("edited")))))
	out, passed = e.run()
	if !passed || !strings.Contains(out, "warning: another machine did not build this capsule: the command ended with 3: no secret") || !strings.Contains(out, "other machines built 1") {
		t.Errorf("after an edit: %s", out)
	}
	if out, passed = e.run(); !passed || !strings.Contains(out, "other machines built 1") {
		t.Errorf("again: %s", out)
	}
	// The good one ran before the edit and after it, its third answer was the server's own. The local one
	// failed there twice, since a failure that the server kept does not count, and was built here and shared.
	if ran := e.ran(); ran["good"] != 2 || ran["local"] != 3 {
		t.Errorf("commands: %v", ran)
	}
}
