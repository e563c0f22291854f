package script

import "github.com/rogpeppe/go-internal/testscript"

// cmdSignal is not to be had here; the scripts that need it say [unix].
func cmdSignal(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("this system cannot stop a process and let it go on")
}
