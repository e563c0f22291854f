package source

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func custom(name, content string) []byte {
	return testkit.Section(0, append(testkit.Sized(name), content...))
}

func TestCustoms(t *testing.T) {
	long := strings.Repeat("x", 200)
	for name, test := range map[string]struct {
		file  []byte
		names []string
		ok    bool
	}{
		"none":              {testkit.Core(), nil, true},
		"several":           {testkit.Core(custom("name", "abc"), testkit.Section(1, []byte("\x00")), custom("", ""), custom("producers", long)), []string{"name", "", "producers"}, true},
		"a long one":        {testkit.Core(custom(".debug_"+long, "")), []string{(".debug_" + long)[:64]}, true},
		"a component":       {testkit.Component(custom("name", "abc")), nil, true},
		"no module":         {[]byte("#!/bin/sh\n"), nil, false},
		"nothing":           {nil, nil, false},
		"a later version":   {[]byte("\x00asm\x02\x00\x00\x00"), nil, false},
		"an empty one":      {testkit.Core(testkit.Section(0, nil), custom("name", "")), nil, false},
		"longer than it is": {testkit.Core(testkit.Section(0, []byte("\x05name"))), nil, false},
		"cut off":           {testkit.Core([]byte("\x01\x05abc")), nil, false},
		"no size":           {testkit.Core([]byte("\x01")), nil, false},
	} {
		names, ok := Customs(bytes.NewReader(test.file))
		for i := range names {
			names[i] = names[i][:min(64, len(names[i]))]
		}
		if ok != test.ok || ok && !slices.Equal(names, test.names) {
			t.Errorf("%s: %q %v", name, names, ok)
		}
	}
}

// Where the names of sections say that there is nothing to take out, nothing is, and where they say that there is, something is.
func TestCustomsAgreeWithStrip(t *testing.T) {
	dice := testkit.Dice(t)
	names := []string{"name", "producers", "target_features", ".debug_info", "sourceMappingURL", "other", ""}
	told := map[bool]int{}
	for range testkit.Rounds(3_000, 300_000) {
		sections := [][]byte{testkit.Section(1, []byte("\x00"))}
		for range dice.IntN(3) {
			sections = append(sections, custom(names[dice.IntN(len(names))], strings.Repeat("y", dice.IntN(150))))
		}
		module := testkit.Core(sections...)
		switch dice.IntN(3) {
		case 0:
			module[dice.IntN(len(module))] ^= byte(1 << dice.IntN(8))
		case 1:
			module = module[:dice.IntN(len(module)+1)]
		}
		symbols := dice.IntN(2) == 0
		customs, ok := Customs(bytes.NewReader(module))
		if !ok {
			continue
		}
		stripped, _ := Strip(module, symbols)
		if tells := Tells(customs, symbols); tells != (len(stripped) < len(module)) {
			t.Fatalf("%x: its names say %v, and %d bytes of %d are left", module, tells, len(stripped), len(module))
		}
		told[len(stripped) < len(module)]++
	}
	if told[true] < 300 || told[false] < 300 {
		t.Errorf("%v: this test says little", told)
	}
}
