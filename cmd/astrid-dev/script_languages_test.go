package main

import (
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdJco puts jco, and what it needs, into a capsule's node_modules: jco DIR.
func cmdJco(ts *testscript.TestScript, _ bool, args []string) {
	modules, err := npmModules(filepath.Join("..", "..", "builder", "smoke", "testdata"))
	ts.Check(err)
	ts.Check(os.Symlink(modules, filepath.Join(ts.MkAbs(args[0]), "node_modules")))
}
