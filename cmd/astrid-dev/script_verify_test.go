package main

import (
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdEnded waits for the end of a process that start started: ended NAME CODE.
func cmdEnded(ts *testscript.TestScript, _ bool, args []string) {
	p := find(ts, args[0])
	<-p.ended
	if code := p.cmd.ProcessState.ExitCode(); strconv.Itoa(code) != args[1] {
		ts.Fatalf("exit code %d, want %s", code, args[1])
	}
}
