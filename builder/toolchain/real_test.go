package toolchain

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// The tests of this file run real compilers on copies of the examples.

// missingTool skips where a tool is not there, and fails where that is forbidden.
func missingTool(t *testing.T, what string) {
	t.Helper()
	testkit.Skip(t, "%s is needed for this test; make toolchains installs it", what)
}

// rustEnv is this process's environment with a Rust in front that builds for wasm.
func rustEnv(t *testing.T) []string {
	t.Helper()
	env := environ(os.Environ())
	for _, path := range []string{env.get("PATH"), "/usr/bin" + string(os.PathListSeparator) + env.get("PATH")} {
		candidate := env.with("PATH", path)
		rustc := lookPath("rustc", "", candidate)
		if rustc == "" {
			continue
		}
		cmd := exec.Command(rustc, "--print", "sysroot")
		cmd.Env = candidate
		out, err := cmd.Output()
		if err == nil && isDir(filepath.Join(strings.TrimSpace(string(out)), "lib", "rustlib", cargo.UnknownTarget)) {
			return candidate
		}
	}
	missingTool(t, "a Rust with "+cargo.UnknownTarget)
	return nil
}

// copyExample copies an example to a folder whose path has blanks and letters
// outside ASCII, without what a build left in it.
func copyExample(t *testing.T, name string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "mit Leerzeichen – ünïcødé", name)
	if err := testkit.CopyExample(name, to); err != nil {
		t.Fatal(err)
	}
	return to
}

// outcome is what one build did.
type outcome struct {
	plan           *Recipe
	command        *Command
	start          time.Time
	stdout, stderr []byte
	err            error
	findings       []finding.Finding
	artifacts      []Artifact
	collected      error
}

// request loads the capsule in dir and asks for a build of it.
func request(t *testing.T, dir string, env []string) Request {
	t.Helper()
	m, err := capsule.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return Request{Manifest: m, Env: env, Jobs: 2}
}

// build plans and runs a build of the capsule in dir.
func build(t *testing.T, dir string, env []string) outcome {
	t.Helper()
	plan, err := For(t.Context(), request(t, dir, env))
	if err != nil {
		t.Fatal(err)
	}
	return run(t, plan)
}

// run builds as plan says.
func run(t *testing.T, plan *Recipe) outcome {
	t.Helper()
	command := plan.Command(t.TempDir(), t.TempDir())
	if err := command.Prepare(); err != nil {
		t.Fatal(err)
	}
	o := outcome{plan: plan, command: command, start: time.Now()}
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(command.Argv[0], command.Argv[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = command.Dir, command.Env, &stdout, &stderr
	o.err = cmd.Run()
	o.stdout, o.stderr = stdout.Bytes(), stderr.Bytes()
	o.findings = command.Diagnose(o.stdout, o.stderr)
	if o.err == nil {
		o.artifacts, o.collected = command.Collect(o.start, o.stdout)
	}
	return o
}

// sound fails the test unless the build left one wasm module.
func (o outcome) sound(t *testing.T) []byte {
	t.Helper()
	if o.err != nil || o.collected != nil || len(o.artifacts) != 1 {
		t.Fatalf("build: %v, collect: %v %v\n%s%s", o.err, o.artifacts, o.collected, o.stdout, o.stderr)
	}
	data, err := os.ReadFile(o.artifacts[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(data, []byte("\x00asm")) {
		t.Fatalf("%s is no wasm: % x", o.artifacts[0].Path, data[:min(len(data), 8)])
	}
	return data
}

// replace edits a file of the capsule.
func replace(t *testing.T, path, old, new string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), old) {
		t.Fatalf("%s holds no %q", path, old)
	}
	testkit.Write(t, path, strings.ReplaceAll(string(data), old, new))
}

// edit is how a test breaks and mends a file of an example.
type edit struct {
	file, old, broken, mended string
	want                      string // how the finding begins
}

// brokenAndMended builds an example, breaks it, expects the finding, mends it
// and expects another module than the first one's.
func brokenAndMended(t *testing.T, example string, prepare func(*testing.T, string), env []string, e edit) {
	t.Helper()
	dir := copyExample(t, example)
	prepare(t, dir)
	first := build(t, dir, env).sound(t)
	path := filepath.Join(dir, e.file)

	replace(t, path, e.old, e.broken)
	failed := build(t, dir, env)
	if failed.err == nil {
		t.Fatalf("the broken build succeeded:\n%s%s", failed.stdout, failed.stderr)
	}
	found := slices.ContainsFunc(failed.findings, func(f finding.Finding) bool { return strings.HasPrefix(f.String(), e.want) })
	if !found {
		t.Errorf("findings\n%v\nlack\n%s\noutput:\n%s%s", failed.findings, e.want, failed.stdout, failed.stderr)
	}

	replace(t, path, e.broken, e.mended)
	if second := build(t, dir, env).sound(t); bytes.Equal(first, second) {
		t.Error("the mended module is the first one")
	}
}
