package tree

import (
	"path/filepath"
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
