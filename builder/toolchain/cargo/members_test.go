package cargo

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// What cargo asks of a workspace, whichever of its members is built.
func TestMembers(t *testing.T) {
	dir := t.TempDir()
	testkit.WriteAll(t, dir, map[string]string{
		"Cargo.toml":               "[workspace]\nmembers = [\"a\", \"more/*\"]\n",
		"a/Cargo.toml":             "[package]\nname = \"a\"\n[lib]\npath = \"here.rs\"\n",
		"a/here.rs":                "",
		"a/other.rs":               "",
		"more/b/Cargo.toml":        "[package]\nname = \"b\"\n",
		"more/b/src/main.rs":       "",
		"more/b/src/bin/x/main.rs": "",
		"more/no/src/lib.rs":       "",
	})
	want := []string{"a/Cargo.toml", "a/here.rs", "more/b/Cargo.toml", "more/b/src/bin/x/main.rs", "more/b/src/main.rs"}
	var got []string
	for _, path := range Read(filepath.Join(dir, "a"), func(string) (string, bool) { return "", false }).Members() {
		rel, err := filepath.Rel(dir, path)
		testkit.Check(t, err)
		got = append(got, filepath.ToSlash(rel))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if list := Read(filepath.Join(dir, "more", "no"), func(string) (string, bool) { return "", false }).Members(); len(list) != len(want) {
		t.Error(list)
	}
}
