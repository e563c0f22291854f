package announce

import (
	"bytes"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// A finding that the reload before had too is not said again; a new one is, and so is one that comes back.
func TestConsoleSaysAFindingOnce(t *testing.T) {
	var out bytes.Buffer
	c := NewConsole(&out, ConsoleOptions{})
	found := []finding.Finding{{Code: "kernel-wasi", Message: "it imports wasi", Hint: "do not"}}
	for _, list := range [][]finding.Finding{found, found, nil, found} {
		c.Announce(Event{Type: Reload, Capsule: "a", Dir: "/a", Findings: list})
	}
	c.Announce(Event{Type: Reload, Capsule: "b", Dir: "/b", Findings: found})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "it imports wasi"); n != 3 {
		t.Errorf("said %d times, want 3:\n%s", n, &out)
	}
	if n := strings.Count(out.String(), "(1 error as before)"); n != 1 {
		t.Errorf("%d short forms, want 1:\n%s", n, &out)
	}
}
