//go:build unix

package proc

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestProgramThatForgetsMain: each guardian of such a program would start another one,
// until no process can be started on the machine.
func TestProgramThatForgetsMain(t *testing.T) {
	program := filepath.Join(t.TempDir(), "forgetful")
	if out, err := exec.Command("go", "build", "-o", program, "./testdata/forgetful").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	notes := filepath.Join(t.TempDir(), "notes")
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), "FORGETFUL_NOTES="+notes)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), "does not call proc.Main first") {
		t.Errorf("it does not say what is wrong: %s", out)
	}
	runs, err := os.ReadFile(notes)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(runs), "\n"); n != 2 {
		t.Errorf("it ran %d times, want twice: itself and one guardian\n%s", n, runs)
	}
}
