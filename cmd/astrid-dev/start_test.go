package main

import (
	"os"
	"os/exec"
	"path/filepath"
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
	packages, all, ours := 0, 0, 0
	for name, allocations := range made(t, "-test.run=^$") {
		packages++
		all += allocations
		if strings.HasPrefix(name, module) {
			ours += allocations
			if allocations > 2_500 {
				t.Errorf("%s makes %d things before main: make them when they are asked for, as with sync.OnceValue", name, allocations)
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

// made are the packages that a process of this program made before it began its work, and how many
// things each allocated for that.
func made(t *testing.T, args ...string) map[string]int {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	out, _ := cmd.CombinedOutput() // a child that is asked nothing ends with an error
	packages := map[string]int{}
	for _, m := range initialised.FindAllStringSubmatch(string(out), -1) {
		allocations, err := strconv.Atoi(m[3])
		if err != nil {
			t.Fatal(err)
		}
		packages[m[1]] = allocations
	}
	return packages
}

// A child of the program begins before the libraries that it does not use are made (builder/early).
func TestChildrenStartEarly(t *testing.T) {
	cache, err := os.UserCacheDir() // where the compiled reader is: without it the child compiles one
	if err != nil {
		t.Fatal(err)
	}
	whole, child := made(t, "-test.run=^$"), made(t, "__smoke", filepath.Join(cache, "astrid-dev"))
	if len(child) < 50 || child[module+"builder/wasm/engine"] == 0 {
		t.Fatalf("the child made %d packages: this is no child", len(child))
	}
	sum := func(packages map[string]int) (n int) {
		for _, allocations := range packages {
			n += allocations
		}
		return n
	}
	if sum(child) > sum(whole)/3 {
		t.Errorf("a child makes %d things before it begins, the whole program %d", sum(child), sum(whole))
	}
	for _, unused := range []string{"github.com/santhosh-tekuri/jsonschema/v6", "google.golang.org/grpc", "net/http"} {
		if _, ok := child[unused]; ok || whole[unused] == 0 {
			t.Errorf("a child makes %s before it begins (%t), the whole program %d things of it", unused, ok, whole[unused])
		}
	}
}
