package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/ask"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

// A watch that is killed while it is asked is no watch: what is recorded is said.
func TestStatusOfAWatchThatEnds(t *testing.T) {
	tmp, err := os.MkdirTemp("", "a") // short, as a socket's path must be
	testkit.Check(t, err)
	t.Cleanup(func() { os.RemoveAll(tmp) })
	t.Setenv("XDG_RUNTIME_DIR", tmp)
	dir := filepath.Join(tmp, "c")
	testkit.Check(t, os.Mkdir(dir, 0o755))
	testkit.Check(t, os.WriteFile(filepath.Join(dir, "Capsule.toml"), []byte("[package]\nname = \"c\"\nversion = \"0.1.0\"\n"), 0o644))
	s, err := ask.Listen(ask.Options{Roots: []string{dir}, Hub: hub.New(), Stop: func() {}})
	testkit.Check(t, err)
	time.AfterFunc(200*time.Millisecond, s.Close) // until then it hears who asks, and says nothing
	root, said := newRoot(), &bytes.Buffer{}
	root.SetArgs([]string{"status", dir})
	root.SetOut(said)
	if err := root.ExecuteContext(t.Context()); err != nil || !strings.Contains(said.String(), " c ") {
		t.Errorf("status says %q, and ends with %v", said, err)
	}
}
