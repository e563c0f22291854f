package slim

import (
	"bytes"
	"encoding/binary"
)

// Least is how many bytes of code a core module has that is worth a note. Tests lower it.
var Least = 256 << 10

// trap is a body that is valid whatever its function takes and returns: no locals, unreachable, end.
var trap = []byte{3, 0, 0x00, 0x0b}

// File is a module or component that is about to be loaded. It is used by one goroutine.
type File struct {
	bytes []byte
	cores []*core
	notes *Notes
	known []*note  // beside cores; nil where nothing is known
	ran   [][]bool // beside cores: which bodies ran in a load that is watched
}

// Left is what is not in a file that was made slim.
type Left struct {
	Code   int64  // bytes of code sections, with their heads
	Locals uint64 // of functions: this many at most
}

// Read looks for core modules in b with much code. It is nil when there are none, when n is nil,
// and when b is not understood: then b is loaded as it is.
func (n *Notes) Read(b []byte) *File {
	if n == nil {
		return nil
	}
	f := &File{bytes: b, cores: cores(b, Least, 0), notes: n}
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
// where these are few, less than half of Least: then a load of the whole is worth its note.
func (f *File) Slim() (small []byte, left Left, ok bool) {
	changed := map[*byte][]byte{}
	for i, c := range f.cores {
		if f.known[i] == nil {
			continue
		}
		code, without := c.without(f.known[i])
		if without {
			changed[&c.module[0]] = code
			left.Locals += f.known[i].locals
			left.Code += int64(c.code.end-c.code.head) - int64(sized(len(code)))
		}
	}
	if left.Code == 0 || left.Code < int64(Least)/2 {
		return nil, Left{}, false
	}
	return rewrite(f.bytes, changed, 0), left, true
}

// sized is how long a section is with n bytes of content.
func sized(n int) int { return 1 + len(binary.AppendUvarint(nil, uint64(n))) + n }

// without is c's code section with a trap for each body that n knows and that did not run. It is
// false when it is as long as before.
func (c *core) without(n *note) (content []byte, ok bool) {
	content = append(content, c.module[c.code.body:c.first]...)
	for i, body := range c.bodies {
		if !n.ran[i] && bytes.Equal(body, n.bodies[i]) {
			body = trap
		}
		content = append(content, body...)
	}
	return content, len(content) < c.code.end-c.code.body
}

// Watch is who is to be told which functions of a core module run that a load of the whole
// compiles: each by its number among those that it defines. nil: nobody.
func (f *File) Watch(module []byte) func(function int) {
	list, ok := sections(module)
	if !ok {
		return nil
	}
	for _, s := range list {
		if s.id != codeSection {
			continue
		}
		_, n := number(module[s.body:s.end])
		for i, c := range f.cores {
			// The reader may have added a function behind those of the file.
			if ran := f.ran[i]; bytes.HasPrefix(module[s.body+n:s.end], c.entries()) {
				return func(function int) {
					if function < len(ran) {
						ran[function] = true
					}
				}
			}
		}
	}
	return nil
}

// Keep notes the file after a load of the whole that went well, in which Watch was told what ran.
// locals are those of all its functions.
func (f *File) Keep(locals uint64) {
	for i, c := range f.cores {
		n := &note{locals: locals, ran: f.ran[i], bodies: c.bodies}
		if was := f.known[i]; was != nil { // what another capsule runs of the same engine
			for k, ran := range was.ran {
				n.ran[k] = n.ran[k] || ran
			}
		}
		f.notes.write(c, n)
	}
}
