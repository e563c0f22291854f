package daemon

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

var update = flag.Bool("update", false, "write testdata/manifests.tsv again")

const tableFile = "testdata/manifests.tsv"

// column is whether the runtime loads the capsule of each row of manifests.
type column map[string]bool

// table is what was recorded.
func table(t *testing.T) column {
	t.Helper()
	c := column{}
	for _, line := range strings.Split(strings.TrimSpace(testkit.Read(t, tableFile)), "\n")[1:] {
		what, answer, _ := strings.Cut(line, "\t")
		c[what] = answer == "loads"
	}
	return c
}

// record writes the table anew.
func record(t *testing.T, c column) {
	t.Helper()
	text := "capsule\t" + judging + "\n"
	for _, r := range rows() {
		text += r.what + map[bool]string{true: "\tloads\n", false: "\trefuses\n"}[c[r.what]]
	}
	if err := os.WriteFile(tableFile, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
