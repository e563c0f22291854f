package script

import "github.com/rogpeppe/go-internal/testscript"

func cmdMmap(ts *testscript.TestScript, _ bool, _ []string) {
	ts.Fatalf("files are mapped on Unix only; the script needs [unix]")
}
