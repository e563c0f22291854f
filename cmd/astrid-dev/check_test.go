package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/mend"
)

// The README's table is that of check --list, code for code.
func TestReadmeListsEveryCode(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "docs/codes.md"))
	if err != nil {
		t.Fatal(err)
	}
	const from, to = "<!-- codes -->", "<!-- /codes -->"
	_, rest, found := strings.Cut(string(data), from)
	table, _, ended := strings.Cut(rest, to)
	if !found || !ended {
		t.Fatalf("docs/codes.md has no %s and %s", from, to)
	}
	var want strings.Builder
	want.WriteString("| code | severity | meaning |\n|---|---|---|\n")
	for _, c := range finding.Codes() {
		severity := c.Severities()
		if c.Fixable {
			severity += ", `--fix`"
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s |\n", c.Code, severity, c.Summary)
	}
	if strings.TrimSpace(table) != strings.TrimSpace(want.String()) {
		t.Errorf("between %s and %s docs/codes.md must have\n%s", from, to, want.String())
	}
}

// realManifests is where a checkout of real capsules' manifests may lie.
const realManifests = "../../../shared/manifests"

// The sound ones yield nothing, the faulty ones warnings with their places; what
// --fix mends keeps every other line, and a second time it changes nothing.
func TestCheckOfRealManifests(t *testing.T) {
	if _, err := os.Stat(realManifests); err != nil {
		testkit.Skip(t, "no real manifests: %v", err)
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(realManifests)); err != nil {
		t.Fatal(err)
	}
	before := checkOf(t, dir)
	if len(before) == 0 {
		t.Fatal("no capsule was found")
	}
	for _, c := range before {
		sound := filepath.Base(filepath.Dir(c.Dir)) == "workspace"
		if sound != (len(c.Findings) == 0) {
			t.Errorf("%s: %v", c.Dir, c.Findings)
		}
		for _, f := range c.Findings {
			if f.Severity.String() != "warning" || f.Line == 0 || f.Column == 0 || f.Code == "" || f.Hint == "" {
				t.Errorf("%s: %+v", c.Dir, f)
			}
		}
	}
	fixed := 0
	for _, c := range checkOf(t, dir, "--fix") {
		fixed += len(c.Fixed)
		for _, file := range c.Fixed {
			rel, _ := filepath.Rel(dir, filepath.Join(c.Dir, file))
			mustKeepLines(t, filepath.Join(realManifests, rel), filepath.Join(dir, rel))
		}
	}
	if fixed == 0 {
		t.Error("nothing was mended")
	}
	for _, c := range checkOf(t, dir, "--fix") {
		if len(c.Fixed) > 0 {
			t.Errorf("a second time %v is changed in %s", c.Fixed, c.Dir)
		}
	}
}

func checkOf(t *testing.T, dir string, flags ...string) []mend.Capsule {
	t.Helper()
	out, err := exec.Command("astrid-dev", append([]string{"check", "--format", "json", dir}, flags...)...).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var got struct{ Capsules []mend.Capsule }
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	return got.Capsules
}

// mustKeepLines fails unless after has before's lines in their order, but for one that was edited.
func mustKeepLines(t *testing.T, before, after string) {
	t.Helper()
	was, err := os.ReadFile(before)
	if err != nil {
		t.Fatal(err)
	}
	is, err := os.ReadFile(after)
	if err != nil {
		t.Fatal(err)
	}
	rest, lost := strings.SplitAfter(string(is), "\n"), []string{}
	for line := range strings.Lines(string(was)) {
		at := 0
		for at < len(rest) && rest[at] != line {
			at++
		}
		if at == len(rest) {
			lost = append(lost, line)
			continue
		}
		rest = rest[at+1:]
	}
	if len(lost) > 1 {
		t.Errorf("%s lost %q", after, lost)
	}
}
