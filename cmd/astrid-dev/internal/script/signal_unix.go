//go:build unix

package script

import (
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdSignal sends a signal to a process that start started.
func cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	signal, ok := map[string]syscall.Signal{"STOP": syscall.SIGSTOP, "CONT": syscall.SIGCONT, "TERM": syscall.SIGTERM, "INT": syscall.SIGINT}[args[1]]
	if !ok {
		ts.Fatalf("unknown signal %s", args[1])
	}
	ts.Check(find(ts, args[0]).cmd.Process.Signal(signal))
}
