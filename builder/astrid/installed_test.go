package astrid

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func TestSpeaksOfItself(t *testing.T) {
	const version = "2026.10.1"
	for name, c := range map[string]struct {
		text string
		want bool
	}{
		"at its beginning":      {version + strings.Repeat("x", 100), true},
		"in two blocks":         {strings.Repeat("x", 1<<20-4) + version + "x", true},
		"at the end of blocks":  {strings.Repeat("x", 3<<20-len(version)) + version, true},
		"nowhere":               {strings.Repeat("x", 2<<20), false},
		"in a script":           {"#!/bin/sh\necho " + version, false},
		"in a file of one byte": {"x", false},
		"in nothing":            {"", false},
	} {
		path := filepath.Join(t.TempDir(), "astrid")
		testkit.Check(t, os.WriteFile(path, []byte(c.text), 0o755))
		if got := speaksOfItself(path, version); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	if speaksOfItself(t.TempDir(), "") || speaksOfItself(os.Args[0]+"-not-there", version) {
		t.Error("what says nothing speaks of itself")
	}
}
