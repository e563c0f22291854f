package slim

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

const (
	kept    = 64       // notes in the folder, of all programs: the capsules that one person works with, as they are loaded and as they are called
	largest = 64 << 20 // bytes of a note
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
	locals uint64 // of all functions of the file, so of this core module at most
	ran    []bool
	bodies [][]byte // with their sizes before them
}

// key is what a note is about.
func (n *Notes) key(c *core) [32]byte {
	h := blake3.New()
	for _, part := range [][]byte{[]byte(Program()), []byte(n.asked), c.frame[:]} {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(part))))
		h.Write(part)
	}
	return [32]byte(h.Sum(nil))
}

func (n *Notes) path(key [32]byte) string {
	return filepath.Join(n.folder, hex.EncodeToString(key[:])+suffix)
}

// read is the note of c; nil when there is none, or not a whole one.
func (n *Notes) read(c *core) *note {
	key := n.key(c)
	of := n.memory.recall(key)
	if of == nil {
		of = n.readFile(key, len(c.bodies))
		n.memory.remember(key, of)
	}
	if of != nil {
		now := time.Now()
		_ = os.Chtimes(n.path(key), now, now) // what is used is kept
	}
	return of
}

// readFile is the note of count bodies under key in its file; nil when there is none, or not a whole one.
func (n *Notes) readFile(key [32]byte, count int) *note {
	f, err := fsys.Open(n.path(key))
	if err != nil {
		return nil
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() > largest {
		return nil
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil
	}
	return decode(data, key, count)
}

// write keeps a note. One that cannot be written is missing next time, and no more.
func (n *Notes) write(c *core, of *note) {
	key := n.key(c)
	n.memory.remember(key, of)
	data := encode(of, key)
	if len(data) > largest {
		return
	}
	err := fsys.ReplaceUnsynced(n.path(key), 0o600, func(w io.Writer) error { // what a crash leaves of it has another checksum
		_, err := w.Write(data)
		return err
	})
	if err == nil {
		fsys.Trim(n.folder, suffix, kept)
	}
}

// A note in bytes: the digest of what follows, the key, the locals, the number of bodies, a byte
// for each that tells whether it ran, and the bodies.

func encode(n *note, key [32]byte) []byte {
	data := append(make([]byte, 32), key[:]...)
	data = binary.LittleEndian.AppendUint64(data, n.locals)
	data = binary.LittleEndian.AppendUint64(data, uint64(len(n.bodies)))
	data = append(data, flags(n.ran)...)
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

// decode is the note of count bodies in data; nil when it is not whole, or of another key.
func decode(data []byte, key [32]byte, count int) *note {
	const head = 32 + 32 + 8 + 8
	if len(data) < head+count || blake3.Sum256(data[32:]) != [32]byte(data) || !bytes.Equal(data[32:64], key[:]) {
		return nil
	}
	if binary.LittleEndian.Uint64(data[72:]) != uint64(count) {
		return nil
	}
	n := &note{locals: binary.LittleEndian.Uint64(data[64:]), ran: make([]bool, count), bodies: make([][]byte, count)}
	at := head + count
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
