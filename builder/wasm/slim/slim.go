package slim

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
)

// Least is how many bytes of code a core module has that is worth a note.
const Least = 32 << 10

// trap is a body that is valid whatever its function takes and returns: no locals, unreachable, end.
var trap = []byte{3, 0, 0x00, 0x0b}

// File is a module or component that is about to be loaded. It is used by one goroutine.
type File struct {
	bytes []byte
	cores []*core
	notes *Notes
	known []*note  // beside cores; nil where nothing is known
	ran   [][]bool // beside cores: which bodies ran in a load that is watched
	small [][]byte // beside cores: the bodies that Slim left, as they lie in what it made
	traps [][]bool // beside cores: in the place of which bodies Slim has put a trap
}

// Left is what is not in a file that was made slim, and what is known of the rest.
type Left struct {
	Code   int64  // bytes of code sections, with their heads
	Data   int64  // bytes of data sections, with their heads
	Names  int64  // bytes of custom sections with names, which only a load of the whole tells
	Locals uint64 // of functions: this many at most
	Known  []int  // where bodies begin, in what is left, that are known to be valid; in order

	Segments engine.Data // what is not there of data sections
	Key      [32]byte    // of what is there, and what is known of it: files with the same one differ in their data alone
}

// Read looks for core modules in b with much code. It is nil when there are none, when n is nil,
// and when b is not understood: then b is loaded as it is.
func (n *Notes) Read(b []byte) *File {
	if n == nil {
		return nil
	}
	f := &File{bytes: b, cores: cores(b, n.Least), notes: n}
	if len(f.cores) == 0 {
		return nil
	}
	for _, c := range f.cores {
		f.known = append(f.known, n.read(c))
		f.ran = append(f.ran, make([]bool, len(c.bodies)))
	}
	return f
}

// Slim is the file without the bodies that are known to be valid and did not run. It is not ok
// where these are few, less than half of the notes' Least: then a load of the whole is worth its note.
func (f *File) Slim() (small []byte, left Left, ok bool) {
	changed, code := changes{}, make([][]byte, len(f.cores))
	if left.Segments, left.Data, ok = changed.takeData(f.bytes); !ok {
		return nil, Left{}, false
	}
	known := make([][]int, len(f.cores))
	f.small, f.traps = make([][]byte, len(f.cores)), make([][]bool, len(f.cores))
	for i, c := range f.cores {
		if f.known[i] == nil {
			continue
		}
		code[i], known[i], f.traps[i] = c.without(f.known[i])
		if code[i] == nil {
			continue
		}
		f.small[i] = code[i][c.first-c.code.body:]
		left.Locals += f.known[i].locals
		left.Code += c.code.whole() - sized(len(code[i]))
	}
	if left.Code == 0 || left.Code < int64(f.notes.Least)/2 {
		return nil, Left{}, false
	}
	for i, c := range f.cores {
		if code[i] != nil {
			changed.set(c.module, codeSection, code[i])
			left.Names += changed.dropNames(c.module)
		}
	}
	small = rewrite(f.bytes, changed, 0)
	was, is := codes(f.bytes), codes(small) // of the same core modules, in the same order
	for i, c := range f.cores {
		for _, body := range known[i] {
			left.Known = append(left.Known, is[slices.Index(was, c.at+c.code.body)]+body)
		}
	}
	left.Key = f.keyOf(small, left.Known)
	return small, left, true
}

// keyOf is the key of what is left of the file, of which known is known.
func (f *File) keyOf(small []byte, known []int) (key [32]byte) {
	h := blake3.New()
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(small))))
	h.Write(small)
	for _, body := range known {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(body)))
	}
	for _, traps := range f.traps {
		h.Write(flags(traps))
	}
	h.Sum(key[:0])
	return key
}

// without is c's code section with a trap for each body that n knows and that did not run, which these are, and where
// in it the bodies begin that n knows. It is nil when it is as long as before.
func (c *core) without(n *note) (content []byte, known []int, traps []bool) {
	content = append(make([]byte, 0, c.code.end-c.code.body), c.module[c.code.body:c.first]...)
	traps = make([]bool, len(c.bodies))
	for i, body := range c.bodies {
		if n.knows(i, body) {
			if traps[i] = !n.ran[i]; traps[i] {
				body = trap
			}
			_, head := number(body)
			known = append(known, len(content)+head)
		}
		content = append(content, body...)
	}
	if len(content) >= c.code.end-c.code.body {
		return nil, nil, nil
	}
	return content, known, traps
}

// knows reports whether body number i is known to be valid.
func (n *note) knows(i int, body []byte) bool {
	return bytes.Equal(body, n.bodies[i]) || alike(n.bodies[i], body, nil)
}

// Watch has noted which functions of a core module run that a load of the whole compiles, as far as no note tells of them.
func (f *File) Watch(module []byte) engine.Watched {
	i := f.find(module, func(i int) []byte { return f.cores[i].entries() })
	if i < 0 {
		return engine.Watched{}
	}
	ran, known := f.ran[i], f.known[i]
	return engine.Watched{
		Wants:  func(function int) bool { return function < len(ran) && (known == nil || !known.ran[function]) },
		Called: func(function int) { ran[function] = true },
	}
}

// Missing watches the functions of what Slim made that were left out: missed is told when one of them is called.
func (f *File) Missing(missed func()) engine.Watch {
	return func(module []byte) engine.Watched {
		i := f.find(module, func(i int) []byte { return f.small[i] })
		if i < 0 {
			return engine.Watched{}
		}
		traps := f.traps[i]
		return engine.Watched{
			Wants:  func(function int) bool { return function < len(traps) && traps[function] },
			Called: func(int) { missed() },
		}
	}
}

// find is which core module of the file has the bodies that module has, as entries knows them; -1: none. The reader may
// have added a function behind those of the file.
func (f *File) find(module []byte, entries func(i int) []byte) int {
	list, _ := sections(module)
	for _, s := range list {
		if s.id != codeSection {
			continue
		}
		_, n := number(module[s.body:s.end])
		for i := range f.cores {
			if e := entries(i); len(e) > 0 && bytes.HasPrefix(module[s.body+n:s.end], e) {
				return i
			}
		}
	}
	return -1
}

// Ran is how many functions are known to run, with those of the load that is watched.
func (f *File) Ran() (count int) {
	for i, ran := range f.ran {
		for k := range ran {
			if ran[k] || f.known[i] != nil && f.known[i].ran[k] {
				count++
			}
		}
	}
	return count
}

// Keep notes the file after a load of the whole that went well, in which Watch was told what ran.
// locals are those of all its functions.
func (f *File) Keep(locals uint64) {
	for i, c := range f.cores {
		n := &note{frame: c.frame, locals: locals, ran: f.ran[i], bodies: c.bodies}
		if was := f.known[i]; was != nil { // what another capsule runs of the same engine
			for k, ran := range was.ran {
				n.ran[k] = n.ran[k] || ran
			}
		}
		f.notes.write(n)
	}
}
