//go:build !linux

package script

import "github.com/rogpeppe/go-internal/testscript"

// cmdTTY is Linux's; a script that needs it says so.
func cmdTTY(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("terminals are made on Linux only")
}

func cmdPress(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("terminals are made on Linux only")
}

func cmdMode(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("terminals are made on Linux only")
}

func cmdResize(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("terminals are made on Linux only")
}

func cmdType(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("terminals are made on Linux only")
}
