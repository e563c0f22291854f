package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// cmdRuntime starts the real runtime as its user would, and waits until it is ready: runtime
// NAME. Its folders are those that ASTRID_HOME and ASTRID_RUN_DIR name, which are set here
// for the first. It ends with the script; kill9 ends it before.
func cmdRuntime(ts *testscript.TestScript, _ bool, args []string) {
	for name, folder := range map[string]string{"ASTRID_HOME": "h", "ASTRID_RUN_DIR": "r"} {
		if ts.Getenv(name) == "" {
			ts.Setenv(name, ts.MkAbs(folder))
		}
	}
	work := ts.MkAbs("ws")
	for _, dir := range []string{ts.Getenv("ASTRID_HOME"), work} {
		ts.Check(os.MkdirAll(dir, 0o700))
	}
	ready := filepath.Join(ts.Getenv("ASTRID_RUN_DIR"), "system.ready")
	_ = os.Remove(ready) // what was killed left it
	path, err := exec.LookPath("astrid-daemon")
	ts.Check(err)
	log, err := os.Create(ts.MkAbs(args[0] + ".log"))
	ts.Check(err)
	cmd := exec.Command(path, "--workspace", work)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = work, append(environment(ts), "ASTRID_DAEMON_LOG_TARGET=stderr"), log, log
	ts.Check(cmd.Start())
	p := &process{cmd: cmd, events: log.Name(), ended: make(chan error, 1)}
	go func() {
		p.ended <- cmd.Wait()
		log.Close()
	}()
	ts.Value(processes).(map[string]*process)[args[0]] = p
	ts.Defer(func() { cmd.Process.Kill() })
	for deadline := time.Now().Add(testkit.Patience); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(ready); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the runtime is not ready:\n%s", ts.ReadFile(args[0]+".log"))
		}
	}
}
