package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// BenchmarkEditToTool is the way from an edit of a Rust capsule to its tool's new answer, by build and call, beside
// the way of the same module into the real runtime by its own program. That one has no command
// that calls a tool, so that it is compared without.
func BenchmarkEditToTool(b *testing.B) {
	path := testkit.RustPath(os.Getenv("PATH"))
	if path == "" {
		testkit.Skip(b, "a Rust with wasm32-unknown-unknown is missing")
	}
	testkit.Needs(b, "astrid")
	target, err := testkit.Cache("cargo-hello-sdk")
	if err != nil {
		b.Fatal(err)
	}
	dir := filepath.Join(b.TempDir(), "workspace")
	if err := testkit.CopyExample("workspace", dir); err != nil {
		b.Fatal(err)
	}
	home, err := os.MkdirTemp("", "a") // a socket's path is short
	if err != nil {
		b.Fatal(err)
	}
	defer os.RemoveAll(home)
	for _, folder := range []string{"home", "run"} {
		if err := os.Mkdir(filepath.Join(home, folder), 0o700); err != nil {
			b.Fatal(err)
		}
	}
	env := append(os.Environ(), "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"), "CARGO_TARGET_DIR="+target, "ASTRID_HOME="+filepath.Join(home, "home"), "ASTRID_RUN_DIR="+filepath.Join(home, "run"))
	self := program(b)
	timed(b, dir, env, self, "build", "notes")
	timed(b, dir, env, "astrid", "start")
	defer func() { timed(b, dir, env, "astrid", "stop") }()
	source := filepath.Join(dir, "notes", "src", "lib.rs")
	text, err := os.ReadFile(source)
	if err != nil {
		b.Fatal(err)
	}
	var built, called, installed time.Duration
	n := 0
	for b.Loop() {
		n++
		testkit.Write(b, source, string(bytes.ReplaceAll(text, []byte("{} has {} bytes"), fmt.Appendf(nil, "{} has {} bytes, %d", n))))
		built += timed(b, dir, env, self, "build", "notes")
		start := time.Now()
		cmd := exec.Command(self, "call", "notes", "write_note", "name=a", "text=x")
		cmd.Dir, cmd.Env = dir, env
		if out, err := cmd.Output(); err != nil || string(out) != fmt.Sprintf("a has 1 bytes, %d\n", n) {
			b.Fatalf("%s %v", out, err)
		}
		called += time.Since(start)
		if n <= 8 { // the runtime takes ten installs a minute
			installed += timed(b, dir, env, "astrid", "capsule", "install", filepath.Join(dir, "notes"), "-y", "--approve-untrusted")
		}
	}
	b.ReportMetric((built+called).Seconds()/float64(n), "s/edit-to-tool")
	b.ReportMetric(called.Seconds()/float64(n), "s/call")
	b.ReportMetric(installed.Seconds()/float64(min(n, 8)), "s/astrid-install")
}
