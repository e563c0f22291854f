package slim

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

const (
	kept    = 64       // notes in the folder, of all programs: the capsules that one person works with, as they are loaded and as they are called
	largest = 64 << 20 // bytes of a note
	tried   = 3        // notes of its kin, for a module that has none: capsules that are worked on in turn
	suffix  = ".code"
)

// Notes are those of loads that ask the same. Several processes may use one folder at once.
type Notes struct {
	Least  int // how many bytes of code a core module has that is worth a note; Open says the constant of this name
	folder string
	asked  string
	memory *Memory
}

// Memory is the newest note that one goroutine has read or written. nil keeps none.
type Memory struct {
	key  [32]byte
	note *note
}

// remember keeps a note in place of the one before.
func (m *Memory) remember(key [32]byte, of *note) {
	if m != nil {
		m.key, m.note = key, of
	}
}

// recall is the note under key; nil when that is not the newest.
func (m *Memory) recall(key [32]byte) *note {
	if m == nil || m.key != key {
		return nil
	}
	return m.note
}

// For is Open in the user's cache folder, of one kind of loads for a release with these features.
func For(kind string, features []string, memory *Memory) *Notes {
	asked, err := json.Marshal(engine.Request(features))
	folder := reader.CacheFolder()
	if err != nil || folder == "" {
		return nil
	}
	return Open(filepath.Join(folder, "code"), kind+string(asked), memory)
}

// Open is the notes in folder, which is made where it is missing, of loads that ask what asked
// says: by which rules code is valid. memory has the newest; it may be nil. Open is nil when the folder is not this user's alone.
func Open(folder, asked string, memory *Memory) *Notes {
	if folder == "" || Program() == "" || os.MkdirAll(folder, 0o700) != nil || !fsys.IsOwn(folder) {
		return nil
	}
	info, err := os.Lstat(folder)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil
	}
	return &Notes{Least, folder, asked, memory}
}

// note is what is known of a core module: bodies that are valid in its frame.
type note struct {
	path   string // where it lies
	frame  frame
	locals uint64 // of all functions of the file, so of this core module at most
	ran    []bool
	bodies [][]byte // with their sizes before them; nil for one of which nothing is known
}

// key is what notes are about: digest is that of a frame, or of all that are kin to it.
func (n *Notes) key(digest [32]byte) [32]byte {
	h := blake3.New()
	for _, part := range [][]byte{[]byte(Program()), []byte(n.asked), digest[:]} {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	return [32]byte(h.Sum(nil))
}

// path is where the note of a frame lies: beside those of its kin, which begin with the same name.
func (n *Notes) path(f frame) string {
	key := n.key(f.exact)
	return filepath.Join(n.folder, n.kin(f)+hex.EncodeToString(key[:16])+suffix)
}

// kin is what the names of notes begin with that are kin to f.
func (n *Notes) kin(f frame) string {
	key := n.key(f.kin)
	return hex.EncodeToString(key[:16]) + "-"
}

// read is the note of c, or else what one of its kin says of it; nil when there is none, or not a whole one.
func (n *Notes) read(c *core) *note {
	key := n.key(c.frame.exact)
	of := n.memory.recall(key)
	if of == nil {
		of = n.find(c)
		n.memory.remember(key, of)
	}
	if of != nil {
		now := time.Now()
		_ = os.Chtimes(of.path, now, now) // what is used is kept
	}
	return of
}

// find is read from files.
func (n *Notes) find(c *core) *note {
	own := n.readFile(n.path(c.frame), c.frame)
	if own != nil && own.frame.exact == c.frame.exact && len(own.bodies) == len(c.bodies) {
		return own
	}
	for _, path := range n.relatives(c.frame) {
		if of := n.readFile(path, c.frame); of != nil {
			if of = of.movedTo(c); of != nil {
				return of
			}
		}
	}
	return nil
}

// relatives is where the notes lie that are kin to f, those that were used last first.
func (n *Notes) relatives(f frame) (paths []string) {
	kin := n.kin(f)
	entries, _ := os.ReadDir(n.folder)
	var notes []fs.FileInfo
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), kin) || !strings.HasSuffix(e.Name(), suffix) {
			continue
		}
		if info, err := e.Info(); err == nil {
			notes = append(notes, info)
		}
	}
	fsys.NewestFirst(notes)
	for _, info := range notes[:min(len(notes), tried)] {
		paths = append(paths, filepath.Join(n.folder, info.Name()))
	}
	return paths
}

// readFile is the note at path of a frame that is kin to f; nil when there is none, or not a whole one.
func (n *Notes) readFile(path string, f frame) *note {
	file, err := fsys.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() > largest {
		return nil
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(file, data); err != nil {
		return nil
	}
	of := decode(data, n.key(f.kin))
	if of != nil {
		of.path = path
	}
	return of
}

// write keeps a note. One that cannot be written is missing next time, and no more.
func (n *Notes) write(of *note) {
	of.path = n.path(of.frame)
	n.memory.remember(n.key(of.frame.exact), of)
	data := encode(of, n.key(of.frame.kin))
	if len(data) > largest {
		return
	}
	err := fsys.ReplaceUnsynced(of.path, 0o600, func(w io.Writer) error { // what a crash leaves of it has another checksum
		_, err := w.Write(data)
		return err
	})
	if err == nil {
		fsys.Trim(n.folder, suffix, kept)
	}
}

// A note in bytes: the digest of what follows, the key of its kin, the digest of its frame, the locals, the number of bodies, the
// length of the section with the types of functions, a byte for each body that tells whether it ran, that section, and the bodies.

func encode(n *note, kin [32]byte) []byte {
	data := append(make([]byte, 32), kin[:]...)
	data = append(data, n.frame.exact[:]...)
	for _, value := range []uint64{n.locals, uint64(len(n.bodies)), uint64(len(n.frame.functions))} {
		data = binary.LittleEndian.AppendUint64(data, value)
	}
	data = append(data, flags(n.ran)...)
	data = append(data, n.frame.functions...)
	data = append(data, bytes.Join(n.bodies, nil)...)
	sum := blake3.Sum256(data[32:])
	copy(data, sum[:])
	return data
}

// flags are a byte for each of list, which is 1 where that is set.
func flags(list []bool) []byte {
	b := make([]byte, len(list))
	for i, set := range list {
		if set {
			b[i] = 1
		}
	}
	return b
}

// decode is the note in data; nil when it is not whole, or of another kin.
func decode(data []byte, kin [32]byte) *note {
	const numbers = 3 * 32
	const head = numbers + 3*8
	if len(data) < head || blake3.Sum256(data[32:]) != [32]byte(data) || !bytes.Equal(data[32:64], kin[:]) {
		return nil
	}
	number64 := func(i int) uint64 { return binary.LittleEndian.Uint64(data[numbers+8*i:]) }
	count, functions := number64(1), number64(2)
	if most := uint64(len(data) - head); count > most || functions > most-count {
		return nil
	}
	n := &note{locals: number64(0), ran: make([]bool, count), bodies: make([][]byte, count)}
	n.frame.exact = [32]byte(data[64:])
	at := head + int(count+functions)
	n.frame.functions = data[head+int(count) : at]
	for i := range n.bodies {
		n.ran[i] = data[head+i] != 0
		size, k := number(data[at:])
		if k == 0 || size > len(data)-at-k {
			return nil
		}
		n.bodies[i] = data[at : at+k+size]
		at += k + size
	}
	return n
}
