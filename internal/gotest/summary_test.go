package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

const events = `{"Action":"start","Package":"a"}
{"Action":"run","Package":"a","Test":"TestSound"}
{"Action":"output","Package":"a","Test":"TestSound","Output":"=== RUN   TestSound\n"}
{"Action":"output","Package":"a","Test":"TestSound","Output":"    a_test.go:1: not to be seen\n"}
{"Action":"output","Package":"a","Test":"TestSound","Output":"--- PASS: TestSound (0.00s)\n"}
{"Action":"pass","Package":"a","Test":"TestSound","Elapsed":0}
{"Action":"output","Package":"a","Test":"TestSkipped","Output":"    a_test.go:2: a word\n"}
{"Action":"output","Package":"a","Test":"TestSkipped","Output":"    a_test.go:3: zig is not in PATH\n"}
{"Action":"output","Package":"a","Test":"TestSkipped","Output":"--- SKIP: TestSkipped (0.00s)\n"}
{"Action":"skip","Package":"a","Test":"TestSkipped","Elapsed":0}
{"Action":"output","Package":"a","Test":"TestScripts/lang/sdk","Output":"    cmd.go:3: no crates\n"}
{"Action":"output","Package":"a","Test":"TestScripts/lang/sdk","Output":"    testscript.go:9: WORK=$WORK\n"}
{"Action":"output","Package":"a","Test":"TestScripts/lang/sdk","Output":"        PATH=/bin\n"}
{"Action":"skip","Package":"a","Test":"TestScripts/lang/sdk","Elapsed":0}
{"Action":"output","Package":"a","Test":"TestLong","Output":"    a_test.go:5: this run leaves it out, ASTRID_DEV_THOROUGH=1 takes all\n"}
{"Action":"skip","Package":"a","Test":"TestLong","Elapsed":0}
{"Action":"output","Package":"a","Output":"PASS\n"}
{"Action":"output","Package":"a","Output":"ok  \ta\t0.1s\n"}
{"Action":"pass","Package":"a","Elapsed":0.1}
{"Action":"output","Package":"b","Test":"TestBroken","Output":"    b_test.go:3: got 1\n"}
{"Action":"output","Package":"b","Test":"TestBroken","Output":"--- FAIL: TestBroken (0.00s)\n"}
{"Action":"fail","Package":"b","Test":"TestBroken","Elapsed":0}
{"Action":"output","Package":"b","Output":"FAIL\n"}
{"Action":"output","Package":"b","Output":"FAIL\tb\t0.1s\n"}
{"Action":"fail","Package":"b","Elapsed":0.1}
{"Action":"output","Package":"c","Test":"TestPanics","Output":"panic: c\n"}
{"Action":"output","Package":"c","Output":"FAIL\tc\t0.1s\n"}
{"Action":"fail","Package":"c","Elapsed":0.1}
{"ImportPath":"d","Action":"build-output","Output":"d.go:1:1: expected declaration\n"}
{"Action":"output","Package":"d","Output":"FAIL\td [build failed]\n"}
{"Action":"fail","Package":"d","Elapsed":0}
no event
`

// What is printed is what go test prints, and then what was skipped.
func TestSummary(t *testing.T) {
	var out strings.Builder
	s := newSummary(&out)
	if err := s.read(strings.NewReader(events)); err != nil {
		t.Fatal(err)
	}
	s.skips()
	want := `ok  	a	0.1s
    b_test.go:3: got 1
--- FAIL: TestBroken (0.00s)
FAIL
FAIL	b	0.1s
panic: c
FAIL	c	0.1s
d.go:1:1: expected declaration
FAIL	d [build failed]
no event

long tests left out: 1; each run draws others; ASTRID_DEV_THOROUGH=1 takes all

skipped:
  a TestSkipped: zig is not in PATH
  a TestScripts/lang/sdk: no crates
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestNothingSkipped(t *testing.T) {
	var out strings.Builder
	newSummary(&out).skips()
	if out.String() != "\nno test was skipped\n" {
		t.Errorf("%q", out.String())
	}
}

// What testkit.Long says is known.
func TestLong(t *testing.T) {
	if !strings.HasPrefix(testkit.TakesAll, leftOut) {
		t.Errorf("%q does not begin with %q", testkit.TakesAll, leftOut)
	}
}

// The exit code is go test's.
func TestExitCode(t *testing.T) {
	for arg, want := range map[string]int{"github.com/astrid-runtime/astrid-dev/builder/text": 0, "./nothing": 1} {
		if code, err := test([]string{"-run", "^$", arg}); code != want || err != nil {
			t.Errorf("%s: exit code %d, %v, want %d", arg, code, err, want)
		}
	}
}
