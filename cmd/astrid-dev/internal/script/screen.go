package script

import (
	"os"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// cmdScreen waits until a terminal shows what matches, after what matched last: screen NAME REGEXP.
func cmdScreen(ts *testscript.TestScript, _ bool, args []string) {
	p := find(ts, args[0])
	wanted, err := regexp.Compile(args[1])
	ts.Check(err)
	for deadline := time.Now().Add(testkit.Patience); ; time.Sleep(5 * time.Millisecond) {
		data, err := os.ReadFile(p.events)
		ts.Check(err)
		if at := wanted.FindIndex(data[p.seen:]); at != nil {
			p.seen += at[1]
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s is not shown; since what was shown last:\n%q", args[1], data[p.seen:])
		}
	}
}
