package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/shared/remote/servers"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// A whole run with --execute: what the machine builds passes, what it cannot build is built here and
// said, and with --execute-only it fails with what the machine said.
func TestVerifyExecute(t *testing.T) {
	testkit.Needs(t, "sh", "git")
	program, err := exec.LookPath("astrid-dev")
	testkit.Check(t, err)
	server, root := servers.Start(t), testkit.Folder(t)
	server.Runs = true
	capsule := func(name, script string) {
		dir := filepath.Join(root, name)
		testkit.Write(t, filepath.Join(dir, "Capsule.toml"), "[package]\nname = \""+name+"\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"cap.wasm\"\n[package.metadata.astrid-dev]\nbuild = [\"sh\", \"build.sh\"]\n")
		testkit.Write(t, filepath.Join(dir, "build.sh"), script)
		testkit.Write(t, filepath.Join(dir, "source"), string(testkit.Core()))
	}
	capsule("good", "cat source > $CAPSULE_OUT\n")
	capsule("local", "test -e ../secret || { echo no secret >&2; exit 3; }; cat source > $CAPSULE_OUT\n")
	testkit.Write(t, filepath.Join(root, "secret"), "")
	testkit.Git(t, root, "init", "-q")
	testkit.Git(t, root, "add", "-A")
	testkit.Git(t, root, "commit", "-q", "-m", "m")
	key := filepath.Join(t.TempDir(), "key")
	run := func(args ...string) (string, bool) {
		args = append([]string{"verify", root, "--cache", server.Address, "--cache-key", key, "--execute", "--execute-property", "os=Linux"}, args...)
		out, err := exec.Command(program, args...).CombinedOutput()
		return string(out), err == nil
	}
	if out, err := exec.Command(program, "key", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	out, passed := run("--execute-only")
	if passed || !strings.Contains(out, "local: failed") || !strings.Contains(out, "the command ended with 3: no secret [elsewhere-failed]") || !strings.Contains(out, "other machines built 1") {
		t.Errorf("with --execute-only: %s", out)
	}
	out, passed = run()
	if !passed || !strings.Contains(out, "warning: another machine did not build this capsule: the command ended with 3: no secret") || !strings.Contains(out, "2 passed") {
		t.Errorf("without it: %s", out)
	}
	if ran, action := server.Ran(); ran != 3 || action.GetPlatform().GetProperties()[0].GetValue() != "Linux" { // the good one's answer was kept
		t.Errorf("%d commands, %v", ran, action)
	}
}
