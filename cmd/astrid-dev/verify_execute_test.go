package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/shared/remote/servers"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// executed is two capsules in a repository, one that any machine can build, and one that reads what it
// does not name, so that only this one can.
type executed struct {
	testing.TB
	program, root, key, server, notes string
}

func newExecuted(t testing.TB, server string) *executed {
	t.Helper()
	testkit.Needs(t, "sh", "git")
	program, err := exec.LookPath("astrid-dev")
	testkit.Check(t, err)
	e := &executed{TB: t, program: program, root: testkit.Folder(t), key: filepath.Join(t.TempDir(), "key"), server: server, notes: t.TempDir()}
	e.capsule("good", "cat source > $CAPSULE_OUT\n")
	e.capsule("local", "test -e ../secret || { echo no secret >&2; exit 3; }; cat source > $CAPSULE_OUT\n")
	testkit.Write(t, filepath.Join(e.root, "secret"), "")
	testkit.Git(t, e.root, "init", "-q")
	testkit.Git(t, e.root, "add", "-A")
	testkit.Git(t, e.root, "commit", "-q", "-m", "m")
	if out, err := exec.Command(program, "key", e.key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return e
}

// capsule writes one, whose build notes that it ran, wherever it does.
func (e *executed) capsule(name, script string) {
	e.Helper()
	dir := filepath.Join(e.root, name)
	testkit.Write(e, filepath.Join(dir, "Capsule.toml"), "[package]\nname = \""+name+"\"\nversion = \"0.1.0\"\n[[component]]\nfile = \"cap.wasm\"\n[package.metadata.astrid-dev]\nbuild = [\"sh\", \"build.sh\"]\n")
	testkit.Write(e, filepath.Join(dir, "build.sh"), "echo >> "+filepath.Join(e.notes, name)+"\n"+script)
	testkit.Write(e, filepath.Join(dir, "source"), string(testkit.Core()))
}

// ran is how often the command of each capsule ran, anywhere.
func (e *executed) ran() map[string]int {
	list := map[string]int{}
	for _, name := range []string{"good", "local"} {
		notes, _ := os.ReadFile(filepath.Join(e.notes, name)) // there are none of what did not run
		list[name] = len(notes)
	}
	return list
}

func (e *executed) run(args ...string) (out string, passed bool) {
	args = append([]string{"verify", e.root, "--cache", e.server, "--cache-key", e.key, "--execute", "--execute-property", "os=Linux"}, args...)
	said, err := exec.Command(e.program, args...).CombinedOutput()
	return string(said), err == nil
}

// A whole run with --execute: what the machine builds passes, what it cannot build is built here and
// said, and with --execute-only it fails with what the machine said.
func TestVerifyExecute(t *testing.T) {
	server := servers.Start(t)
	server.Runs = true
	e := newExecuted(t, server.Address)
	out, passed := e.run("--execute-only")
	if passed || !strings.Contains(out, "local: failed") || !strings.Contains(out, "the command ended with 3: no secret [elsewhere-failed]") || !strings.Contains(out, "other machines built 1") {
		t.Errorf("with --execute-only: %s", out)
	}
	out, passed = e.run()
	if !passed || !strings.Contains(out, "warning: another machine did not build this capsule: the command ended with 3: no secret") || !strings.Contains(out, "2 passed") {
		t.Errorf("without it: %s", out)
	}
	if ran, action := server.Ran(); ran != 3 || action.GetPlatform().GetProperties()[0].GetValue() != "Linux" { // the good one's answer was kept
		t.Errorf("%d commands, %v", ran, action)
	}
	if ran := e.ran(); ran["good"] != 1 || ran["local"] != 3 {
		t.Errorf("commands: %v", ran)
	}
}
