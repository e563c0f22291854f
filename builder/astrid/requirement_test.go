package astrid

import (
	"bufio"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/Masterminds/semver/v3"
)

// TestSatisfiesAsTheRuntimeDoes holds the rule against what the runtime's own crates said.
func TestSatisfiesAsTheRuntimeDoes(t *testing.T) {
	file, err := os.Open("testdata/requirements.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var versions []string
	asked := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		requirement, meets, ok := strings.Cut(lines.Text(), "\t")
		if !ok {
			continue // a comment
		}
		if versions == nil {
			versions = strings.Fields(meets)
			continue
		}
		if _, valid := parse(requirement); valid == (meets == "invalid") {
			t.Errorf("%q is a requirement: %v", requirement, valid)
		}
		for _, version := range versions {
			asked++
			want := slices.Contains(strings.Fields(meets), version)
			if got := satisfies(semver.MustParse(version), requirement); got != want {
				t.Errorf("%s meets %q: %v, want %v", version, requirement, got, want)
			}
		}
	}
	if asked < 10_000 {
		t.Errorf("only %d questions were asked", asked)
	}
}

// TestSatisfiesOwnCases are those of the test in astrid-capsule-types.
func TestSatisfiesOwnCases(t *testing.T) {
	for _, c := range []struct {
		requirement, running string
		want                 bool
	}{
		{">=0.7.0", "2026.10.0-rc.1", true}, {">=2026.10.0", "2026.10.0-rc.1", true},
		{">=2026.10.0", "2026.9.4-dev.9", false}, {">=2026.10.0-rc.2", "2026.10.0-rc.1", false},
		{">=2026.10.0-rc.1", "2026.10.0-rc.2", true}, {">=2026.10.0-rc.1", "2026.10.0", true},
		{">=0.7.0, <2026.10.0", "2026.10.0-rc.1", false}, {"^0.7.0", "2026.10.0-rc.1", false},
		{"=2026.9.4", "2026.10.0-rc.1", false}, {">=0.7.0", "2026.9.4", true}, {"*", "2026.10.0-rc.1", true},
	} {
		if got := satisfies(semver.MustParse(c.running), c.requirement); got != c.want {
			t.Errorf("%s meets %q: %v", c.running, c.requirement, got)
		}
	}
}
