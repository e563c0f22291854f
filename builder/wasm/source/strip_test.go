package source

import (
	"bytes"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// What is taken out tells of the source; all else stays byte for byte.
func TestStrip(t *testing.T) {
	section := func(name, content string) []byte {
		return testkit.Section(0, testkit.Sized(name), []byte(content))
	}
	kept, debug, url, names, producers := section("component-type:x", "w"), section(".debug_line", "l"), section("sourceMappingURL", "u"), section("name", ""), section("producers", "")
	join := func(list ...[]byte) []byte { return testkit.Core(list...) }
	for name, c := range map[string]struct {
		module  []byte
		symbols bool
		want    []byte
		told    bool
	}{
		"lines":         {join(debug, kept, names), false, join(kept, names), true},
		"a map":         {join(kept, url), false, join(kept), true},
		"names":         {join(names, kept, producers), true, join(kept), false},
		"all":           {join(names, debug, kept), true, join(kept), true},
		"nothing":       {join(kept), true, join(kept), false},
		"no module":     {[]byte("text"), true, []byte("text"), false},
		"a component":   {testkit.Component(), true, testkit.Component(), false},
		"half a module": {join(debug)[:12], false, join(debug)[:12], false},
	} {
		if got, told := Strip(c.module, c.symbols); !bytes.Equal(got, c.want) || told != c.told {
			t.Errorf("%s: % x %v, want % x %v", name, got, told, c.want, c.told)
		}
	}
}

func TestSameCode(t *testing.T) {
	code := func(b byte) []byte { return testkit.Section(10, []byte{1, 2, 0, b}) }
	debug := testkit.Section(0, testkit.Sized(".debug_line"))
	for name, c := range map[string]struct {
		a, b []byte
		want bool
	}{
		"the same":  {testkit.Core(code(0x0b), debug), testkit.Core(code(0x0b)), true},
		"another":   {testkit.Core(code(0x0b)), testkit.Core(code(0x0c)), false},
		"none":      {testkit.Core(), testkit.Core(), false},
		"no module": {testkit.Component(), testkit.Component(), false},
	} {
		if SameCode(c.a, c.b) != c.want {
			t.Error(name)
		}
	}
}
