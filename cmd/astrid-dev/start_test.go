package main

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// initialised is what the runtime tells of a package with GODEBUG=inittrace=1.
var initialised = regexp.MustCompile(`(?m)^init (\S+) @.* (\d+) bytes, (\d+) allocs$`)

// TestStart: what is made before main is made in each guardian and each smoke child too, several
// times an edit. Counts say so on any machine; more than half of them are the metaschemas that
// github.com/santhosh-tekuri/jsonschema compiles.
func TestStart(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	packages, all, ours := 0, 0, 0
	for _, m := range initialised.FindAllStringSubmatch(string(out), -1) {
		allocations, err := strconv.Atoi(m[3])
		if err != nil {
			t.Fatal(err)
		}
		packages++
		all += allocations
		if strings.HasPrefix(m[1], module) {
			ours += allocations
			if allocations > 2_500 {
				t.Errorf("%s makes %d things before main: make them when they are asked for, as with sync.OnceValue", m[1], allocations)
			}
		}
	}
	t.Logf("%d packages make %d things, ours %d of them", packages, all, ours)
	if packages < 50 || ours == 0 {
		t.Errorf("%d packages told of themselves, and ours made %d things: this test looks at nothing", packages, ours)
	}
	if all > 45_000 || ours > 7_500 {
		t.Errorf("%d things are made before main, %d of them ours", all, ours)
	}
}
