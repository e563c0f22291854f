package slim

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// coreOf is a core module of functions that all have type 0, and of data.
func coreOf(types, data string, bodies ...string) []byte {
	var functions, code [][]byte
	for _, b := range bodies {
		functions, code = append(functions, []byte{0}), append(code, testkit.Sized(b))
	}
	return testkit.Core(testkit.Section(1, []byte(types)), testkit.Section(3, testkit.Vector(functions...)),
		testkit.Section(10, testkit.Vector(code...)), testkit.Section(11, []byte(data)))
}

const (
	plainType = "\x01\x60\x00\x00"
	otherType = "\x01\x60\x01\x7f\x00"
)

// body is one of 40 bytes that does nothing. Those of other numbers are not alike.
func body(c byte) string {
	return "\x00" + strings.Repeat("\x20"+string(rune(c))+"\x1a", 12) + "\x01\x01\x0b"
}

func notes(t *testing.T) *Notes {
	n := Open(filepath.Join(t.TempDir(), "code"), "asked", nil)
	if n == nil {
		t.Fatal("there are no notes")
	}
	n.Least = 1
	return n
}

// note has b loaded as a whole, in which the functions of ran ran.
func (n *Notes) note(t *testing.T, b []byte, ran ...int) {
	t.Helper()
	n.noteIn(t, b, b, ran...)
}

// noteIn is note for a file that has the core module b in it.
func (n *Notes) noteIn(t *testing.T, file, b []byte, ran ...int) {
	t.Helper()
	f := n.Read(file)
	if f == nil {
		t.Fatal("it was not read")
	}
	called := f.Watch(b).Called
	for _, function := range ran {
		called(function)
	}
	f.Keep(7)
}

// slimmed is what is left of b; nil when all of it is.
func (n *Notes) slimmed(b []byte) []byte {
	small, _, ok := n.Read(b).Slim()
	if !ok {
		return nil
	}
	return small
}

func TestWhatIsLeft(t *testing.T) {
	n := notes(t)
	b, c, d := body(2), body(3), body(4)
	stub := string(trap[1:])
	constant := func(value string) string { return "\x00" + strings.Repeat("\x42"+value+"\x1a", 12) + "\x0b" }
	a, other := constant("\x01"), constant("\xff\x00")
	n.note(t, coreOf(plainType, "data", a, b, c), 1)
	for name, test := range map[string]struct{ file, want []byte }{
		"other data":        {coreOf(plainType, "DATA!", a, b, c), coreOf(plainType, "DATA!", stub, b, stub)},
		"one body differs":  {coreOf(plainType, "data", a, b, d), coreOf(plainType, "data", stub, b, d)},
		"other constants":   {coreOf(plainType, "data", other, b, c), coreOf(plainType, "data", stub, b, stub)},
		"bodies exchanged":  {coreOf(plainType, "data", c, b, a), nil},
		"another type":      {coreOf(otherType, "data", a, b, c), nil},
		"a body more":       {coreOf(plainType, "data", a, b, c, d), nil},
		"nothing like it":   {coreOf(plainType, "data", d, d, d), nil},
		"only what has run": {coreOf(plainType, "data", d, b, d), nil},
	} {
		if got := n.slimmed(test.file); !bytes.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
	// Another load adds to what ran.
	n.note(t, coreOf(plainType, "data", a, b, c), 0)
	if got, want := n.slimmed(coreOf(plainType, "data", a, b, c)), coreOf(plainType, "data", a, b, stub); !bytes.Equal(got, want) {
		t.Errorf("after two loads %q, want %q", got, want)
	}
}

// What is known to be valid is told by where it begins, also of what ran and stays.
func TestWhatIsKnown(t *testing.T) {
	n := notes(t)
	a, b, c, d := body(1), body(2), body(3), body(4)
	core := coreOf(plainType, "data", a, b, c)
	n.note(t, core, 1)
	other := coreOf(otherType, "data", a, b)
	within := func(core []byte) []byte {
		return testkit.Component(testkit.Section(1, other), testkit.Section(4, testkit.Component(testkit.Section(1, core))))
	}
	for name, wrapped := range map[string]func([]byte) []byte{"core": bytes.Clone, "component": within} {
		small, left, ok := n.Read(wrapped(coreOf(plainType, "DATA!", a, b, d))).Slim()
		if !ok || len(left.Known) != 2 {
			t.Fatalf("%s: %v %v", name, ok, left)
		}
		for i, want := range []string{string(trap[1:]), b} {
			if !bytes.HasPrefix(small[left.Known[i]:], []byte(want)) {
				t.Errorf("%s: body %d at %d is %q, want %q", name, i, left.Known[i], small[left.Known[i]:], want)
			}
		}
	}
}

// Data that is taken out is written as each of its segments would be, in their order.
func TestDataIsTaken(t *testing.T) {
	content := binary.AppendUvarint(nil, 3)
	for _, s := range []engine.Segment{{At: 70_000, Content: []byte("abc")}, {At: 0, Content: nil}, {At: 70_001, Content: []byte("z")}} {
		content = append(appendOffset(append(content, activeSegment, constOpcode), int(s.At)), endOpcode)
		content = append(binary.AppendUvarint(content, uint64(len(s.Content))), s.Content...)
	}
	core := func(sections ...[]byte) []byte {
		return testkit.Core(append([][]byte{testkit.Section(memorySection, []byte("\x01\x00\x02"))}, sections...)...)
	}
	with, without := core(testkit.Section(dataSection, content)), core()
	b := testkit.Component(testkit.Section(1, without), testkit.Section(4, testkit.Component(testkit.Section(1, with))), testkit.Section(1, with))
	changed := changes{}
	taken, less, ok := changed.takeData(b)
	small := rewrite(b, changed, 0)
	if !ok || len(taken) != 2 || len(taken[1]) != 3 || len(taken[2]) != 3 || bytes.Contains(small, []byte("abc")) {
		t.Fatalf("%v %v, left %q", ok, taken, small)
	}
	if sum := len(small) + int(less); sum < len(b)-4 || sum > len(b) { // the sizes of what is around it are shorter too
		t.Errorf("of %d bytes %d are left, and %d taken", len(b), len(small), less)
	}
	if got := taken[1][2]; got.At != 70_001 || string(got.Content) != "z" || string(taken[1][0].Content) != "abc" {
		t.Error(taken[1])
	}
}

// Where core modules lie too deep to be counted nothing is taken, and from none that carries its world.
func TestNumbersNobodyKnows(t *testing.T) {
	plain := testkit.Core(testkit.Section(memorySection, []byte("\x01\x00\x01")), testkit.Section(dataSection, []byte("\x01\x00\x41\x00\x0b\x01x")))
	world := testkit.Core(testkit.Section(0, append([]byte{16}, "component-type:x"...)), plain[8:])
	deep := plain
	for range deepest + 1 {
		deep = testkit.Component(testkit.Section(4, deep))
	}
	deep = testkit.Component(testkit.Section(4, deep), testkit.Section(1, plain))
	for name, b := range map[string][]byte{"deep": deep, "world": world} {
		if _, _, ok := (changes{}).takeData(b); ok {
			t.Errorf("%s: its data is taken", name)
		}
	}
	if _, _, ok := (changes{}).takeData(plain); !ok {
		t.Error("the plain one is not taken: the cases above say nothing")
	}
}

// What is not surely the same stays as it is.
func TestDataThatIsNotTaken(t *testing.T) {
	data := func(change func(i int, s []byte) []byte) []byte {
		content := binary.AppendUvarint(nil, 128)
		for i := range 128 {
			s := append(appendOffset([]byte{activeSegment, constOpcode}, 10*i), endOpcode, 1, 'x')
			content = append(content, change(i, s)...)
		}
		return content
	}
	same := func(_ int, s []byte) []byte { return s }
	of := func(content []byte, more ...[]byte) []byte {
		sections := append([][]byte{testkit.Section(1, []byte(plainType)), testkit.Section(3, testkit.Vector([]byte{0})), testkit.Section(5, []byte("\x01\x00\x01"))}, more...)
		return testkit.Core(append(sections, testkit.Section(10, testkit.Vector(testkit.Sized(body(1)))), testkit.Section(11, content))...)
	}
	at := func(n int, to []byte) func(int, []byte) []byte {
		return func(i int, s []byte) []byte {
			if i == n {
				return to
			}
			return s
		}
	}
	for name, module := range map[string][]byte{
		"named by code":         of(data(same), testkit.Section(dataCountSection, binary.AppendUvarint(nil, 128))),
		"two memories":          of(data(same), testkit.Section(5, []byte("\x02\x00\x01\x00\x01"))),
		"a passive one":         of(data(at(9, []byte("\x01\x01x")))),
		"in another memory":     of(data(at(9, []byte("\x02\x00\x41\x00\x0b\x01x")))),
		"at a global":           of(data(at(9, []byte("\x00\x23\x00\x0b\x01x")))),
		"before the memory":     of(data(at(9, []byte("\x00\x41\x7f\x0b\x01x")))),
		"an offset in more":     of(data(at(9, []byte("\x00\x41\x80\x00\x0b\x01x")))),
		"longer than it is":     of(data(at(128-1, []byte("\x00\x41\x00\x0b\x02x")))),
		"more than are counted": of(append(data(same), 0)),
		"a memory of 64 bits":   testkit.Core(testkit.Section(memorySection, []byte("\x01\x04\x01")), testkit.Section(dataSection, data(same))),
		"a shared memory":       testkit.Core(testkit.Section(memorySection, []byte("\x01\x03\x01\x01")), testkit.Section(dataSection, data(same))),
		"no memory":             testkit.Core(testkit.Section(dataSection, data(same))),
		"a start function":      of(data(same), testkit.Section(startSection, []byte{0})),
	} {
		if taken, less, ok := (changes{}).takeData(module); less != 0 || len(taken) > 0 || !ok {
			t.Errorf("%s: %d bytes less", name, less)
		}
	}
	plain := of(data(same))
	changed := changes{}
	if taken, less, _ := changed.takeData(plain); len(taken[0]) != 128 || len(rewrite(plain, changed, 0)) != len(plain)-int(less) {
		t.Error("the plain one is not taken: the cases above say nothing")
	}
}

// In a component a core module lies as deep as it likes, and its neighbours stay as they are spelled.
func TestComponents(t *testing.T) {
	n := notes(t)
	nest := func(core []byte) []byte {
		inner := append(testkit.Component(testkit.Section(1, core)), 0, 0x83, 0x00, 1, 'x', '!') // a size in more bytes than it needs
		return testkit.Component(testkit.Section(4, inner))
	}
	b := coreOf(plainType, "data", body(1), body(2))
	n.noteIn(t, nest(b), b, 0)
	want := nest(coreOf(plainType, "data", body(1), string(trap[1:])))
	if got := n.slimmed(nest(b)); !bytes.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// A note that is broken anywhere, or is one of other code, is none.
func TestBrokenNotes(t *testing.T) {
	n := notes(t)
	b := coreOf(plainType, "data", body(1), body(2))
	n.note(t, b, 0)
	found, _ := filepath.Glob(filepath.Join(n.folder, "*"))
	if len(found) != 1 {
		t.Fatal(found)
	}
	good := testkit.Read(t, found[0])
	for i := range len(good) {
		testkit.Write(t, found[0], good[:i]+string(good[i]^1)+good[i+1:])
		if n.slimmed(b) != nil {
			t.Errorf("believed with another byte %d of %d", i, len(good))
		}
	}
	for _, size := range []int{0, 31, 64, len(good) - 1} {
		testkit.Write(t, found[0], good[:size])
		if n.slimmed(b) != nil {
			t.Errorf("believed when cut to %d bytes", size)
		}
	}
	testkit.Write(t, found[0], good)
	if n.slimmed(b) == nil {
		t.Error("the whole one is not believed: the cases above say nothing")
	}
	other := coreOf(otherType, "data", body(1), body(2))
	testkit.Write(t, n.path(n.Read(other).cores[0].frame), good)
	if n.slimmed(other) != nil {
		t.Error("a note under the name of another module was believed")
	}
}

// What another Program noted, or a load that asked otherwise, does not count.
func TestWhoNoted(t *testing.T) {
	n := notes(t)
	b := coreOf(plainType, "data", body(1), body(2))
	n.note(t, b, 0)
	if (&Notes{n.Least, n.folder, "asked otherwise", nil}).slimmed(b) != nil {
		t.Error("a load that asks otherwise believes it")
	}
	mine := Program
	defer func() { Program = mine }()
	Program = func() string { return "another build" }
	if n.slimmed(b) != nil {
		t.Error("another build of the program believes it")
	}
	if mine() == "" {
		t.Error("the Program has no name")
	}
}

func TestFolderOfOthers(t *testing.T) {
	if runtime.GOOS == "windows" {
		testkit.Skip(t, "folders have no permission bits on Windows")
	}
	open := filepath.Join(t.TempDir(), "open")
	testkit.Check(t, os.Mkdir(open, 0o755))
	link := filepath.Join(t.TempDir(), "link")
	private := t.TempDir()
	testkit.Check(t, os.Chmod(private, 0o700))
	testkit.Check(t, os.Symlink(private, link))
	for name, folder := range map[string]string{"readable by others": open, "a link": link, "no folder": "", "a file": os.Args[0]} {
		if Open(folder, "", nil) != nil {
			t.Errorf("%s: it is used", name)
		}
	}
	if Open(private, "", nil) == nil {
		t.Error("one's own is not used")
	}
}

// The folder stays small, and loses first what was not used for longest.
func TestTrimmed(t *testing.T) {
	n := notes(t)
	used := coreOf(plainType, "data", body(1), body(2))
	n.note(t, used, 0)
	old := time.Now().Add(-time.Hour * 3)
	left := filepath.Join(n.folder, ".left.tmp")
	testkit.Write(t, left, "half a note")
	testkit.Check(t, os.Chtimes(left, old, old))
	for i := range kept + 3 {
		found, _ := filepath.Glob(filepath.Join(n.folder, "*"+suffix))
		for _, f := range found {
			testkit.Check(t, os.Chtimes(f, old, old))
		}
		if n.slimmed(used) == nil {
			t.Fatalf("what is used was gone after %d others", i)
		}
		bodies := make([]string, i+3)
		for k := range bodies {
			bodies[k] = body(9)
		}
		n.note(t, coreOf(plainType, "data", bodies...), 0)
	}
	found, _ := filepath.Glob(filepath.Join(n.folder, "*"))
	if len(found) != kept {
		t.Errorf("%d notes are kept: %v", len(found), found)
	}
	if _, err := os.Stat(left); err == nil {
		t.Error("half a note is still there")
	}
}

// Who loads the same again reads no file, is told what was noted last, and nothing of other code.
func TestMemory(t *testing.T) {
	n := notes(t)
	n.memory = &Memory{}
	b := coreOf(plainType, "data", body(1), body(2), body(3))
	n.note(t, b, 0)
	want := n.slimmed(b)
	testkit.Check(t, os.RemoveAll(n.folder))
	if got := n.slimmed(b); got == nil || !bytes.Equal(got, want) {
		t.Errorf("without its file the note says %q, want %q", got, want)
	}
	if n.slimmed(coreOf(otherType, "data", body(1), body(2), body(3))) != nil {
		t.Error("the note of other code counts")
	}
	if n.slimmed(b) != nil {
		t.Error("it remembers more than the newest")
	}
}
