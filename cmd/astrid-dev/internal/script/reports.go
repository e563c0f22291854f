package script

import (
	"regexp"
	"strconv"

	"github.com/google/go-cmp/cmp"
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

// times are the only fields of a report in which two runs may differ.
var times = regexp.MustCompile(`"(started|duration_ms)": ("[^"]*"|\d+)`)

// cmdUntimed compares two JSON reports byte for byte, apart from times: untimed FILE FILE.
func cmdUntimed(ts *testscript.TestScript, neg bool, args []string) {
	a, b := times.ReplaceAllString(ts.ReadFile(args[0]), ""), times.ReplaceAllString(ts.ReadFile(args[1]), "")
	if diff := cmp.Diff(a, b); (diff != "") != neg {
		ts.Fatalf("%s and %s: %s", args[0], args[1], diff)
	}
}
