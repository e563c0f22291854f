package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The README's table is that of check --list, code for code.
func TestReadmeListsEveryCode(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	const from, to = "<!-- codes -->", "<!-- /codes -->"
	_, rest, found := strings.Cut(string(data), from)
	table, _, ended := strings.Cut(rest, to)
	if !found || !ended {
		t.Fatalf("README.md has no %s and %s", from, to)
	}
	var want strings.Builder
	want.WriteString("| code | severity | meaning |\n|---|---|---|\n")
	for _, c := range allCodes() {
		severity := c.Severity.String()
		if c.Fixable {
			severity += ", `--fix`"
		}
		fmt.Fprintf(&want, "| `%s` | %s | %s |\n", c.Code, severity, c.Summary)
	}
	if strings.TrimSpace(table) != strings.TrimSpace(want.String()) {
		t.Errorf("between %s and %s README.md must have\n%s", from, to, want.String())
	}
}
