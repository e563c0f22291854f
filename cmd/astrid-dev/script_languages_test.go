package main

import (
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdJco puts jco, and what it needs, into a capsule's node_modules: jco DIR.
func cmdJco(ts *testscript.TestScript, _ bool, args []string) {
	modules, err := npmModules(filepath.Join("..", "..", "builder", "smoke", "testdata"))
	ts.Check(err)
	ts.Check(os.Symlink(modules, filepath.Join(ts.MkAbs(args[0]), "node_modules")))
}

// cmdScreen waits until a terminal shows what matches, after what matched last: screen NAME REGEXP.
func cmdScreen(ts *testscript.TestScript, _ bool, args []string) {
	p := find(ts, args[0])
	wanted, err := regexp.Compile(args[1])
	ts.Check(err)
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
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
