package script

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// cmdSave saves as an editor does that writes beside and renames. What lies beside is no source,
// so that there is one change however busy the machine is.
func cmdSave(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path+"~", []byte(strings.Join(args[1:], " ")+"\n"), 0o644))
	ts.Check(os.Rename(path+"~", path))
}

func cmdAppend(ts *testscript.TestScript, _ bool, args []string) {
	f, err := os.OpenFile(ts.MkAbs(args[0]), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	ts.Check(err)
	_, err = fmt.Fprintln(f, strings.Join(args[1:], " "))
	ts.Check(errors.Join(err, f.Close()))
}

func cmdSame(ts *testscript.TestScript, neg bool, args []string) {
	if same := ts.ReadFile(args[0]) == ts.ReadFile(args[1]); same == neg {
		ts.Fatalf("%s and %s: same is %v", args[0], args[1], same)
	}
}

// cmdBuilt copies a capsule of builder/tools/testdata, with the module that was built from it.
func cmdBuilt(ts *testscript.TestScript, _ bool, args []string) {
	from := filepath.Join(testkit.Root(), "builder", "tools", "testdata", args[0])
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(from)))
}

// cmdExample copies an example of this repository, without what builds leave in it.
func cmdExample(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(testkit.CopyExample(args[0], ts.MkAbs(args[1])))
}
