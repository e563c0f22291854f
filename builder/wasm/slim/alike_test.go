package slim

import (
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// Two bodies are alike where nothing differs but the value of a constant or the offset of an access.
func TestAlike(t *testing.T) {
	const most32, most64 = "\xff\xff\xff\xff\x07", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00"
	for name, test := range map[string]struct {
		a, b string
		want bool
	}{
		"the same":                       {"\x41\x01\x1a", "\x41\x01\x1a", true},
		"i32.const":                      {"\x41\x01\x1a", "\x41" + most32 + "\x1a", true},
		"i32.const, negative":            {"\x41\x01\x1a", "\x41\x80\x80\x80\x80\x78\x1a", true},
		"i32.const, written long":        {"\x41\x01\x1a", "\x41\x81\x80\x80\x80\x00\x1a", true},
		"i32.const, too large":           {"\x41\x01\x1a", "\x41\xff\xff\xff\xff\x0f\x1a", false},
		"i32.const, sign not extended":   {"\x41\x01\x1a", "\x41\x80\x80\x80\x80\x38\x1a", false},
		"i32.const, too long":            {"\x41\x01\x1a", "\x41\x81\x80\x80\x80\x80\x00\x1a", false},
		"i32.const, cut off":             {"\x41\x01", "\x41\x81", false},
		"i64.const":                      {"\x42\x01\x1a", "\x42" + most64 + "\x1a", true},
		"i64.const, negative":            {"\x42\x01\x1a", "\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f\x1a", true},
		"i64.const, too large":           {"\x42\x01\x1a", "\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x1a", false},
		"i64.const, too long":            {"\x42\x01\x1a", "\x42\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00\x1a", false},
		"f32.const":                      {"\x43abcd\x1a", "\x43efgh\x1a", true},
		"f32.const, cut off":             {"\x43abcd", "\x43efg", false},
		"f64.const":                      {"\x44abcdefgh\x1a", "\x44ijklmnop\x1a", true},
		"a constant of another type":     {"\x41\x01\x1a", "\x42\x01\x1a", false},
		"the offset of a load":           {"\x28\x02\x01", "\x28\x02\xff\xff\xff\xff\x0f", true},
		"the offset of a store":          {"\x36\x02\x01", "\x36\x02\x80\x01", true},
		"an offset beyond 32 bits":       {"\x28\x02\x01", "\x28\x02\xff\xff\xff\xff\x1f", false},
		"an offset in too many bytes":    {"\x28\x02\x01", "\x28\x02\x81\x80\x80\x80\x80\x00", false},
		"the alignment":                  {"\x28\x02\x01", "\x28\x01\x01", false},
		"an access to another memory":    {"\x28\x42\x00\x01", "\x28\x42\x00\x02", false},
		"the function that is called":    {"\x10\x01", "\x10\x02", false},
		"the type that is called":        {"\x11\x01\x00", "\x11\x02\x00", false},
		"the table of a call":            {"\x11\x01\x00", "\x11\x01\x01", false},
		"a local":                        {"\x20\x01", "\x20\x02", false},
		"a global":                       {"\x23\x01", "\x23\x02", false},
		"a table":                        {"\x25\x01", "\x25\x02", false},
		"a label":                        {"\x0c\x01", "\x0c\x00", false},
		"a label of a table":             {"\x0e\x01\x00\x01", "\x0e\x01\x01\x01", false},
		"the default of a table":         {"\x0e\x01\x00\x01", "\x0e\x01\x00\x02", false},
		"how many labels a table has":    {"\x0e\x02\x00\x01\x41\x00", "\x0e\x01\x00\x01\x41\x00", false},
		"the type of a block":            {"\x02\x40\x0b", "\x02\x7f\x0b", false},
		"the number of a block's type":   {"\x02\x01\x0b", "\x02\x02\x0b", false},
		"a constant in a block":          {"\x02\x81\x00\x41\x01\x0b", "\x02\x81\x00\x41\x02\x0b", true},
		"a constant in a typed block":    {"\x03\x7e\x42\x01\x0b", "\x03\x7e\x42\x02\x0b", true},
		"a constant behind labels":       {"\x0e\x01\x00\x01\x41\x00", "\x0e\x01\x00\x01\x41\x03", true},
		"a constant behind a prefix":     {"\xfc\x0a\x00\x00\x41\x00", "\xfc\x0a\x00\x00\x41\x03", true},
		"a data segment":                 {"\xfc\x08\x01\x00", "\xfc\x08\x02\x00", false},
		"a function that is referred to": {"\xd2\x01", "\xd2\x02", false},
		"a vector, the same":             {"\xfd\x0f\x41\x00", "\xfd\x0f\x41\x01", false},
		"an opcode that is not known":    {"\x06\x40\x41\x00\x0b", "\x06\x40\x41\x01\x0b", false},
		"a reference":                    {"\x02\x63\x70\x41\x00\x0b", "\x02\x63\x70\x41\x01\x0b", false},
		"another instruction":            {"\x6a", "\x6b", false},
		"an instruction more":            {"\x01", "\x01\x01", false},
		"an instruction less":            {"\x01\x01", "\x01", false},
	} {
		body := func(code string) []byte { return testkit.Sized("\x01\x02\x7f" + code + "\x0b") }
		if got := alike(body(test.a), body(test.b), nil); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
		if got := alike(body(test.b), body(test.a), nil); !test.want && test.a != test.b && got {
			t.Errorf("%s: the other way round it is alike", name)
		}
	}
	locals := func(text string) []byte { return testkit.Sized(text + "\x41\x01\x1a\x0b") }
	for name, other := range map[string]string{"more locals": "\x01\x03\x7f", "locals of another type": "\x01\x02\x7e", "another group": "\x02\x02\x7f\x01\x7f", "none": "\x00"} {
		if alike(locals("\x01\x02\x7f"), locals(other), nil) {
			t.Errorf("%s: alike", name)
		}
	}
	nops := strings.Repeat("\x01", mostBody)
	if long := testkit.Sized("\x00\x41\x01\x1a" + nops + "\x0b"); alike(long, long, nil) {
		t.Error("a body of no end is alike")
	}
}

// Whatever the bytes are, nothing goes on without an end or panics.
func TestAlikeOfAnything(t *testing.T) {
	dice := testkit.Dice(t)
	for range testkit.Rounds(20_000, 2_000_000) {
		a := make([]byte, dice.IntN(24))
		for i := range a {
			a[i] = byte(dice.Uint32()) >> dice.IntN(8)
		}
		b := append([]byte(nil), a...)
		if len(b) > 0 {
			b[dice.IntN(len(b))] ^= byte(dice.Uint32())
		}
		if alike(a, b, nil) != alike(b, a, nil) && len(a) > 0 && len(b) > 0 && a[0] == b[0] {
			t.Fatalf("%x and %x are alike in one direction alone", a, b)
		}
	}
}
