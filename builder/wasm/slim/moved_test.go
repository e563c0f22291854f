package slim

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// function is one with a body, of type 0 or 1.
type function struct {
	of   byte
	body string
}

// program is a core module that imports one function of each type, before its own.
type program struct {
	functions              []function
	table, memory, globals string
	more                   [][]byte // sections behind those
}

const (
	twoTypes   = "\x02\x60\x00\x00\x60\x01\x7f\x00"
	twoImports = "\x02\x01m\x01a\x00\x00\x01m\x01b\x00\x01"
)

func (p program) bytes() []byte {
	var of, code [][]byte
	for _, f := range p.functions {
		of, code = append(of, []byte{f.of}), append(code, testkit.Sized(f.body))
	}
	sections := [][]byte{testkit.Section(1, []byte(twoTypes)), testkit.Section(importSection, []byte(twoImports)), testkit.Section(functionSection, testkit.Vector(of...))}
	for id, content := range map[byte]string{tableSection: p.table, memorySection: p.memory, globalSection: p.globals} {
		if content != "" {
			sections = append(sections, testkit.Section(id, []byte(content)))
		}
	}
	slices.SortStableFunc(sections, func(a, b []byte) int { return int(a[0]) - int(b[0]) })
	return testkit.Core(append(append(sections, p.more...), testkit.Section(codeSection, testkit.Vector(code...)))...)
}

// with is p with other functions in place of those from first to end.
func (p program) with(first, end int, others ...function) program {
	p.functions = slices.Concat(p.functions[:first], others, p.functions[end:])
	return p
}

// many is a program of functions that are not alike, but the one at 20, which has this body before what all have.
func many(twentieth string) (p program) {
	for i := range 64 {
		p.functions = append(p.functions, function{byte(i % 2), body(byte(i))})
	}
	p.functions[20].body = "\x00" + twentieth + body(20)[1:]
	return p
}

// trapped are the bodies of b in whose place there is a trap; nil where all of it is loaded.
func (n *Notes) trapped(b []byte) (list []int) {
	f := n.Read(b)
	if f == nil {
		return nil
	}
	if _, _, ok := f.Slim(); !ok {
		return nil
	}
	for i, is := range f.traps[0] {
		if is {
			list = append(list, i)
		}
	}
	return list
}

// but are the numbers below count but these.
func but(count int, without ...int) (list []int) {
	for i := range count {
		if !slices.Contains(without, i) {
			list = append(list, i)
		}
	}
	return list
}

// Where functions were added, or taken away, what was known of the others still is: by other numbers.
func TestMoved(t *testing.T) {
	old := many("\x10\x28") // which calls the function that is the 38th of its own
	const runs = 50
	fresh, short := function{0, body(100)}, function{1, "\x00\x01\x0b"}
	twentieth := func(p program, calls string) program {
		p.functions = slices.Clone(p.functions)
		i := slices.IndexFunc(p.functions, func(f function) bool { return len(f.body) > len(body(0)) })
		p.functions[i].body = "\x00" + calls + body(20)[1:]
		return p
	}
	of := func(p program, i int, is byte) program {
		p.functions = slices.Clone(p.functions)
		p.functions[i].of = is
		return p
	}
	for name, test := range map[string]struct {
		p    program
		want []int
	}{
		"nothing":                        {old, but(64, runs)},
		"one more, in front":             {twentieth(old.with(0, 0, fresh), "\x10\x29"), but(65, 0, runs+1)},
		"one more, and calls as before":  {old.with(0, 0, fresh), but(65, 0, 21, runs+1)},
		"one more, in the middle":        {old.with(30, 30, fresh), but(65, 20, 30, runs+1)},
		"one more, behind":               {old.with(64, 64, fresh), but(65, 64, runs)},
		"one less":                       {old.with(40, 41), but(63, runs-1)},
		"the last one less":              {old.with(63, 64), but(63, runs)},
		"one more, and its neighbours":   {old.with(44, 46, fresh, fresh, fresh), but(65, 44, 45, 46, runs+1)},
		"two places":                     {old.with(60, 60, fresh).with(45, 46), but(64, 59, runs-1)},
		"a package more":                 {old.with(45, 45, slices.Repeat([]function{short}, 40)...), but(104, append(numbers(45, 85), runs+40)...)},
		"two packages, one after a loss": {old.with(45, 47, slices.Repeat([]function{short}, 40)...), nil}, // it is not looked for everywhere
		"half of it is new":              {old.with(10, 40, slices.Repeat([]function{fresh}, 31)...), nil},
		"what one has run":               {old.with(runs, runs+1).with(0, 0, fresh), but(64, 0, 21)},
		"another type":                   {of(old.with(64, 64, fresh), 5, 0), but(65, 5, 64, runs)},
		"another type that is called":    {of(old.with(64, 64, fresh), 38, 1), but(65, 20, 38, 64, runs)},
	} {
		n := notes(t)
		n.note(t, old.bytes(), runs)
		if got := n.trapped(test.p.bytes()); !slices.Equal(got, test.want) {
			t.Errorf("%s: traps at %v, want %v", name, got, test.want)
		}
	}
}

func numbers(first, end int) (list []int) {
	for i := first; i < end; i++ {
		list = append(list, i)
	}
	return list
}

// What a body names must be the same in both modules, and what it does not name may be other.
func TestKin(t *testing.T) {
	const table, memory, globals = "\x01\x70\x00\x05", "\x01\x00\x01", "\x02\x7f\x01\x41\x07\x0b\x7e\x00\x42\x07\x0b"
	old := many("\x10\x28")
	old.table, old.memory, old.globals = table, memory, globals
	elements := func(content string) [][]byte { return [][]byte{testkit.Section(elementSection, []byte(content))} }
	change := func(to func(p *program)) program {
		p := old
		to(&p)
		return p
	}
	for name, test := range map[string]struct {
		p   program
		kin bool
	}{
		"a larger table":                   {change(func(p *program) { p.table = "\x01\x70\x00\x85\x01" }), true},
		"a table with an end":              {change(func(p *program) { p.table = "\x01\x70\x01\x05\x06" }), true},
		"a table of others":                {change(func(p *program) { p.table = "\x01\x6f\x00\x05" }), false},
		"a table of 64 bits":               {change(func(p *program) { p.table = "\x01\x70\x04\x05" }), false},
		"a table that is written long":     {change(func(p *program) { p.table = "\x01\x40\x00\x70\x00\x05\xd0\x70\x0b" }), false},
		"two tables":                       {change(func(p *program) { p.table = "\x02\x70\x00\x05\x70\x00\x05" }), false},
		"no table":                         {change(func(p *program) { p.table = "" }), false},
		"a larger memory":                  {change(func(p *program) { p.memory = "\x01\x01\x02\x04" }), true},
		"a shared memory":                  {change(func(p *program) { p.memory = "\x01\x03\x01\x02" }), false},
		"a memory of 64 bits":              {change(func(p *program) { p.memory = "\x01\x04\x01" }), false},
		"no memory":                        {change(func(p *program) { p.memory = "" }), false},
		"a cut memory":                     {change(func(p *program) { p.memory = "\x01\x00\x81" }), false},
		"something behind a memory":        {change(func(p *program) { p.memory += "\x00" }), false},
		"another value":                    {change(func(p *program) { p.globals = "\x02\x7f\x01\x41\xff\x00\x0b\x7e\x00\x42\x7f\x0b" }), true},
		"a global that does not change":    {change(func(p *program) { p.globals = "\x02\x7f\x00\x41\x07\x0b\x7e\x00\x42\x07\x0b" }), false},
		"a global of another type":         {change(func(p *program) { p.globals = "\x02\x7e\x01\x42\x07\x0b\x7e\x00\x42\x07\x0b" }), false},
		"a global that is another":         {change(func(p *program) { p.globals = "\x02\x7f\x01\x23\x00\x0b\x7e\x00\x42\x07\x0b" }), false},
		"a global without an end":          {change(func(p *program) { p.globals = "\x02\x7f\x01\x41\x07\x0b\x7e\x00\x42\x07" }), false},
		"one global":                       {change(func(p *program) { p.globals = "\x01\x7f\x01\x41\x07\x0b" }), false},
		"elements":                         {change(func(p *program) { p.more = elements("\x01\x00\x41\x00\x0b\x01\x05") }), true},
		"an export":                        {change(func(p *program) { p.more = [][]byte{testkit.Section(exportSection, []byte("\x01\x01x\x00\x05"))} }), true},
		"how many data segments there are": {change(func(p *program) { p.more = [][]byte{testkit.Section(dataCountSection, []byte("\x01"))} }), false},
		"a section nobody knows":           {change(func(p *program) { p.more = [][]byte{testkit.Section(13, []byte("\x00"))} }), false},
	} {
		n := notes(t)
		n.note(t, old.bytes(), 50)
		if got := n.trapped(test.p.bytes()); got != nil != test.kin {
			t.Errorf("%s: traps at %v", name, got)
		}
	}
}

// Where other sections than the types of functions decide whether an instruction is valid, it is not alike in a module that moved.
func TestMovedInstructions(t *testing.T) {
	for name, test := range map[string]struct {
		code string
		want bool
	}{
		"a function that is referred to": {"\xd2\x02\x1a", false},
		"elements of a table":            {"\xfc\x0c\x00\x00", false},
		"elements that are given up":     {"\xfc\x0d\x00", false},
		"a copy of a table":              {"\xfc\x0e\x00\x00", true},
		"a copy of memory":               {"\xfc\x0a\x00\x00", true},
		"an import":                      {"\x10\x00", true},
		"a call through a table":         {"\x11\x00\x00", true},
	} {
		n := notes(t)
		old := many(test.code)
		n.note(t, old.bytes(), 50)
		if got := n.trapped(old.bytes()); !slices.Equal(got, but(64, 50)) {
			t.Errorf("%s: in the same module traps are at %v", name, got)
		}
		if got := n.trapped(old.with(64, 64, function{0, body(100)}).bytes()); slices.Contains(got, 20) != test.want || len(got) < 60 {
			t.Errorf("%s: in one that moved traps are at %v", name, got)
		}
	}
	c := callees{2, []int{0, 1}, []int{1, 0}}
	for _, test := range []struct {
		a, b int
		want bool
	}{{0, 0, true}, {0, 1, false}, {1, 2, false}, {2, 1, false}, {2, 3, true}, {2, 2, false}, {3, 2, true}, {4, 3, false}, {3, 4, false}} {
		if got := c.sameType(test.a, test.b); got != test.want {
			t.Errorf("function %d, and then %d: %v", test.a, test.b, got)
		}
	}
}

// However bodies are made, they are not compared for longer than a load of the whole takes.
func TestComparedForLong(t *testing.T) {
	const count, long = 500, 2_000
	m := moved{left: often * count * long}
	for i := range count {
		of := func(last byte) []byte { // they differ at their end
			return testkit.Sized("\x00" + strings.Repeat("\x01", long) + "\x0c" + string(rune(last)) + "\x0b")
		}
		m.was, m.is = append(m.was, of(byte(i%2))), append(m.is, of(byte(2+i%2)))
		m.of.was, m.of.is = append(m.of.was, 0), append(m.of.is, 0)
	}
	for i := range count {
		m.next(i, i)
	}
	if m.left > 0 || m.left < -2*long {
		t.Errorf("%d bytes are left to be compared", m.left)
	}
}

// Imports are counted, and where one is not known nothing is.
func TestImported(t *testing.T) {
	for content, want := range map[string]int{
		"\x00":                          0,
		"\x01\x01m\x01a\x00\x80\x01":    1,
		"\x01\x01m\x00\x01\x70\x00\x01": 0,
		"\x03\x01m\x01a\x02\x01\x01\x02\x01m\x01a\x03\x7f\x00\x01m\x01a\x00\x00": 1,
		"\x01\x01m\x01a\x02\x04\x01":         -1, // of 64 bits
		"\x01\x01m\x01a\x04\x00\x00":         -1, // a tag
		"\x02\x01m\x01a\x00\x00":             -1,
		"\x01\x01m\x01a\x00\x00\x00":         -1,
		"\x01\x01m\x01a":                     -1,
		"\x01\x01m\x01a\x03\x7f":             -1,
		"\x01\x09m":                          -1,
		"":                                   0,
		"\xff\xff\xff\xff\x0f\x01m\x01a\x00": -1,
	} {
		if got, ok := imported([]byte(content)); !ok && want != -1 || ok && got != want {
			t.Errorf("%q: %d %v", content, got, ok)
		}
	}
}

// A module has its own note where there is one, and that of its kin that was used last where there is none.
func TestWhichNote(t *testing.T) {
	n := notes(t)
	old := many("")
	first, second, third := old, old.with(64, 64, function{0, body(100)}), old.with(64, 64, function{1, body(101)})
	n.note(t, first.bytes(), 1)
	time.Sleep(10 * time.Millisecond) // of another time, also where a file system tells it in hundredths
	n.note(t, second.bytes(), 2)
	pathOf := func(p program) string { return n.path(n.Read(p.bytes()).cores[0].frame) }
	if got := n.trapped(first.bytes()); !slices.Equal(got, but(64, 1)) {
		t.Errorf("not its own: %v", got)
	}
	found, _ := filepath.Glob(filepath.Join(n.folder, "*"))
	if len(found) != 2 {
		t.Fatal(found)
	}
	for last, want := range map[string][]int{ // the second has what ran of the first too
		n.path(n.Read(first.bytes()).cores[0].frame): but(65, 1, 64),
		pathOf(second): but(65, 1, 2, 64),
	} {
		for _, f := range found {
			at := time.Now().Add(-time.Hour)
			if f == last {
				at = at.Add(time.Second)
			}
			testkit.Check(t, os.Chtimes(f, at, at))
		}
		if got := n.trapped(third.bytes()); !slices.Equal(got, want) {
			t.Errorf("not of the newest: %v, want %v", got, want)
		}
		if info, err := os.Stat(last); err != nil || time.Since(info.ModTime()) > time.Minute {
			t.Error("the one that was used is not the newest now")
		}
	}
	// A note that lies under the name of another frame says no more of it than one of its kin.
	testkit.Check(t, os.Rename(pathOf(first), pathOf(third)))
	if got := n.trapped(third.bytes()); !slices.Equal(got, but(65, 1, 64)) {
		t.Errorf("under another name: %v", got)
	}
	// One that says too little stands in the way of no other.
	other := many("")
	for i := range other.functions {
		other.functions[i].body = body(byte(i + 64))
	}
	n.note(t, other.bytes(), 3)
	fourth := third.with(0, 0, function{0, body(102)})
	if got := n.trapped(fourth.bytes()); len(got) < 60 {
		t.Errorf("behind a note that says too little: %v", got)
	}
	// What runs of the new one is noted with what ran of the old one.
	n.note(t, third.bytes(), 7)
	if got := n.trapped(third.bytes()); !slices.Equal(got, but(65, 1, 7)) {
		t.Errorf("after its own note: %v", got)
	}
}

// A module that has not as many bodies as functions is not valid: nothing is known of it.
func TestCounts(t *testing.T) {
	n := notes(t)
	b := many("").bytes()
	n.note(t, b, 1)
	list, _ := sections(b)
	code := list[len(list)-1]
	content := append([]byte{65}, b[code.body+1:code.end]...)
	content = append(content, testkit.Sized(body(100))...)
	if n.Read(append(bytes.Clone(b[:code.head]), testkit.Section(codeSection, content)...)) != nil {
		t.Error("it is read with a body more")
	}
}

// Whatever the sections say, nothing panics or goes on without an end.
func TestFrameOfAnything(t *testing.T) {
	dice := testkit.Dice(t)
	old := many("\x10\x28")
	old.table, old.memory, old.globals = "\x01\x70\x00\x05", "\x01\x00\x01", "\x01\x7f\x01\x41\x07\x0b"
	n := notes(t)
	seed := old.bytes()
	n.note(t, seed, 50)
	moved := 0
	for range testkit.Rounds(3_000, 50_000) {
		b := bytes.Clone(seed)
		for range 1 + dice.IntN(3) {
			b[8+dice.IntN(120)] ^= byte(dice.Uint32()) >> dice.IntN(8)
		}
		if f := n.Read(b); f != nil && f.known[0] != nil {
			moved++
			f.Slim()
		}
	}
	if moved < 50 {
		t.Errorf("only %d of them had a note: this test says little", moved)
	}
}
