package toolchain

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRulesAndMetafiles(t *testing.T) {
	for _, c := range []struct {
		name, text string
		read       func([]byte) []string
		want       []string
	}{
		{"clang", "out\\ dir.wasm: b.c inc/h.h \\\n  /else\\ where/x.h \\\n\t a$$b\\#c.h\n\na.o: a.c\n", parseRules, []string{"b.c", "inc/h.h", "/else where/x.h", "a$b#c.h", "a.c"}},
		{"-MP", "x.o: a.h\n\na.h:\n", parseRules, []string{"a.h"}},
		{"windows", "x.o: a.h \\\r\n  b.h\r\n", parseRules, []string{"a.h", "b.h"}},
		{"none", "no rule", parseRules, nil},
		{"esbuild", `{"inputs":{"b.js":{},"a.js":{"imports":[{"path":"b.js"}]}},"outputs":{"o.js":{}}}`, parseMetafile, []string{"a.js", "b.js"}},
		{"another JSON", `[1]`, parseMetafile, nil},
	} {
		if diff := cmp.Diff(c.want, c.read([]byte(c.text))); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}
