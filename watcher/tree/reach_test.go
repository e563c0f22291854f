package tree

import (
	"path/filepath"
	"strings"
	"testing"
)

func TestReach(t *testing.T) {
	base := filepath.FromSlash("/w/cap")
	r := NewReach([]string{"dist/index.html", "assets/**/*.wasm", "/w/cap/gen", "../other/x", "sub/*/y.txt"}, base)
	for _, c := range []struct {
		path string
		dir  bool
		want bool
	}{
		{"/w/cap/dist/index.html", false, true},
		{"/w/cap/dist", true, true},
		{"/w/cap/dist/other.html", false, false},
		{"/w/cap/assets", true, true},
		{"/w/cap/assets/a/b", true, true},
		{"/w/cap/assets/a/engine.wasm", false, true},
		{"/w/cap/assets/a/engine.txt", false, false},
		{"/w/cap/assets/node_modules", true, false},
		{"/w/cap/gen", true, true},
		{"/w/cap/gen/deep/a.go", false, true},
		{"/w/cap/gen/m.wasm", false, false},
		{"/w/cap/sub/one/y.txt", false, true},
		{"/w/cap/sub/one/z.txt", false, false},
		{"/w/cap/unrelated", true, false},
		{"/w/other/x", false, false},
	} {
		if got := r.Holds(filepath.FromSlash(c.path), c.dir); got != c.want {
			t.Errorf("Holds(%s, %t) = %t", c.path, c.dir, got)
		}
	}
	if NewReach([]string{"../other/x"}, base) != nil {
		t.Error("what begins elsewhere has a reach below base")
	}
}

// What is watched for a pattern and what it matches must be one folder, also where a name
// holds a wildcard that is meant as it is written.
func TestPatternFolder(t *testing.T) {
	base := filepath.FromSlash("/w/[cap]")
	for pattern, want := range map[string]string{
		"a/b.txt":         "/w/[cap]/a/b.txt",
		"a/*.txt":         "/w/[cap]/a",
		"*.txt":           "/w/[cap]",
		"..":              "/w",
		"../wit/**/*.wit": "/w/wit",
		"/x/y?/z":         "/x",
		`a\*b/*.txt`:      "/w/[cap]/a*b",
		`a/x\*y`:          "/w/[cap]/a",
		"a/{b,c}/d":       "/w/[cap]/a",
	} {
		if filepath.Separator == '\\' && strings.Contains(pattern, `\`) {
			continue // a separator there
		}
		if got := filepath.ToSlash(PatternFolder(base, pattern)); got != want {
			t.Errorf("the folder of %s is %s, want %s", pattern, got, want)
		}
	}
}

func TestEscapedWildcardIsTakenAndReached(t *testing.T) {
	base := t.TempDir()
	plant(t, base, "a*b/x.txt", "1", "ab/x.txt", "2")
	pattern := `a\*b/*.txt`
	if filepath.Separator == '\\' {
		t.Skip("a backslash is a separator here, and a star is in no name")
	}
	s, err := takeFiles(t.Context(), []string{pattern}, base)
	if err != nil || len(s.Files) != 1 || s.Files[0].Path != "a*b/x.txt" {
		t.Errorf("%+v, %v", s, err)
	}
	r := NewReach([]string{pattern}, base)
	if !r.Holds(filepath.Join(base, "a*b", "x.txt"), false) || r.Holds(filepath.Join(base, "ab", "x.txt"), false) {
		t.Error("what is watched is not what is taken")
	}
}
