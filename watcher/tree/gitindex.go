package tree

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// maxIndex is far beyond git's index of the largest repositories known, some 500 MB.
const maxIndex = 8 << 30

// Cache remembers git's indexes between rules. The zero value is ready; it may
// be used concurrently, and must not be copied. It holds the paths of one index
// for each repository, about half as many bytes as the index has.
type Cache struct {
	mu      sync.Mutex         // guards indexes
	indexes map[string]*cached // by the index file's path
}

type cached struct {
	mu    sync.Mutex // guards all below; it is held while the index is read, so that many who ask at once read it once
	stat  File
	names *names // nil: it was never read
}

// index is what a repository tracks, read when it is first asked.
type index struct {
	path  string
	cache *Cache // may be nil

	once  sync.Once
	names *names
}

// tracks reports whether the file path, relative to the repository's top, is in the index.
func (x *index) tracks(path string) bool { return x.load().tracks(path) }

// holds reports whether the folder path has something tracked below it, or is a submodule.
func (x *index) holds(path string) bool { return x.load().holds(path) }

func (x *index) load() *names {
	x.once.Do(func() {
		stat, err := statPath(x.path)
		if errors.Is(err, fs.ErrNotExist) {
			x.names = noNames
			return
		}
		x.names = x.cache.read(x.path, stat)
	})
	return x.names
}

// read is what the index at path, which has that stat, tracks. What could not be read is tried again.
func (c *Cache) read(path string, stat File) *names {
	if c == nil {
		return readIndex(path)
	}
	c.mu.Lock()
	e := c.indexes[path]
	if e == nil {
		if c.indexes == nil {
			c.indexes = map[string]*cached{}
		}
		e = &cached{}
		c.indexes[path] = e
	}
	c.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.names != nil && e.stat == stat {
		return e.names
	}
	n := readIndex(path)
	if !n.all {
		e.stat, e.names = stat, n
	}
	return n
}

// noNames are those of an index that is not there, the same each time.
var noNames = &names{}

// names are the paths of an index in byte order. The zero value tracks nothing.
type names struct {
	paths  []string // a folder that a sparse index does not spell out ends in "/"
	sparse bool     // there are such folders
	all    bool     // the index could not be read: whatever it is about counts
}

func (n *names) tracks(path string) bool {
	if n.all {
		return true
	}
	_, found := slices.BinarySearch(n.paths, path)
	return found || n.sparse && n.inSparse(path)
}

func (n *names) holds(path string) bool {
	if n.all || n.tracks(path) {
		return true
	}
	below := path + "/"
	i := sort.SearchStrings(n.paths, below)
	return i < len(n.paths) && strings.HasPrefix(n.paths[i], below)
}

// below are the paths that begin with prefix.
func (n *names) below(prefix string) []string {
	from := sort.SearchStrings(n.paths, prefix)
	to := from + sort.Search(len(n.paths)-from, func(i int) bool { return !strings.HasPrefix(n.paths[from+i], prefix) })
	return n.paths[from:to]
}

// inSparse reports whether path lies in a folder that is in the index as a whole.
func (n *names) inSparse(path string) bool {
	for i := range len(path) {
		if path[i] == '/' {
			if _, found := slices.BinarySearch(n.paths, path[:i+1]); found {
				return true
			}
		}
	}
	return false
}

// readIndex reads an index file. When it cannot be understood everything counts
// as tracked: a capsule that is hashed for nothing is better than a lost edit.
func readIndex(path string) *names {
	data, err := fsys.Read(path, maxIndex)
	if err != nil {
		return &names{all: true}
	}
	// Nothing in the file says which hash the repository uses; it only adds up with the right one.
	for _, hashSize := range []int{20, 32} {
		x := indexReader{data: data, hash: hashSize}
		if x.read() != nil {
			continue
		}
		if x.shared != "" {
			// What the shared part has and this file deletes still counts, until git rewrites it.
			shared, err := fsys.Read(fsys.Join(filepath.Dir(path), "sharedindex."+x.shared), maxIndex)
			base := indexReader{data: shared, hash: hashSize}
			if err != nil || base.read() != nil {
				break
			}
			x.paths = append(x.paths, base.paths...)
			x.sparse = x.sparse || base.sparse
		}
		slices.Sort(x.paths) // nearly free: it is sorted unless it was split
		return &names{paths: x.paths, sparse: x.sparse}
	}
	return &names{all: true}
}

var errIndex = errors.New("not an index of a known form")

// indexReader reads the file format "DIRC", versions 2 to 4, as git's
// index-format document describes it.
type indexReader struct {
	data   []byte
	hash   int // size of an object name: 20 for SHA-1, 32 for SHA-256
	paths  []string
	sparse bool
	shared string // hex name of the shared index, if split

	version uint32
	at, end int             // what is read next, and where the checksum begins
	names   strings.Builder // all names one after the other, so that they are one allocation
	ends    []int           // of each name in names
	last    int             // where the last name begins
}

func (x *indexReader) read() error {
	if len(x.data) < 12+x.hash || string(x.data[:4]) != "DIRC" {
		return errIndex
	}
	x.version = binary.BigEndian.Uint32(x.data[4:])
	if x.version < 2 || x.version > 4 {
		return errIndex
	}
	x.at, x.end = 12, len(x.data)-x.hash // the checksum
	count := int(binary.BigEndian.Uint32(x.data[8:]))
	if fixed := 42 + x.hash; count <= len(x.data)/fixed { // else it is none
		x.ends = make([]int, 0, count)
		x.names.Grow(len(x.data) - count*fixed)
	}
	for range count {
		if !x.entry() {
			return errIndex
		}
	}
	x.cut()
	return x.extensions(x.at, x.end)
}

// entry reads one entry; false when it is not one.
func (x *indexReader) entry() bool {
	nameAt := x.at + 40 + x.hash + 2 // after ten numbers, the object's name and the flags
	if nameAt+2 > x.end {
		return false
	}
	if x.data[nameAt-2]&0x40 != 0 { // extended: two more bytes of flags
		nameAt += 2
	}
	previous := x.names.String()[x.last:]
	x.last = x.names.Len()
	if x.version == 4 {
		strip, n := offset(x.data[nameAt:x.end])
		if n == 0 || strip > len(previous) {
			return false
		}
		x.names.WriteString(previous[:len(previous)-strip])
		nameAt += n
	}
	size := bytes.IndexByte(x.data[nameAt:x.end], 0)
	if size < 0 {
		return false
	}
	x.names.Write(x.data[nameAt : nameAt+size])
	x.ends = append(x.ends, x.names.Len())
	mode := binary.BigEndian.Uint32(x.data[x.at+24:])
	x.sparse = x.sparse || mode&0o170000 == 0o040000
	if x.version == 4 {
		x.at = nameAt + size + 1
	} else {
		x.at += (nameAt + size - x.at + 8) &^ 7 // padded with one to eight NULs
	}
	return true
}

// cut makes paths of the names. A split index leaves those of replaced entries empty.
func (x *indexReader) cut() {
	blob, start := x.names.String(), 0
	x.paths = make([]string, 0, len(x.ends))
	for _, end := range x.ends {
		if end > start {
			x.paths = append(x.paths, blob[start:end])
		}
		start = end
	}
}

// extensions walks what stands between the entries and the checksum.
func (x *indexReader) extensions(at, end int) error {
	for at+8 <= end {
		name, size := string(x.data[at:at+4]), int(binary.BigEndian.Uint32(x.data[at+4:]))
		body := at + 8
		if size > end-body {
			return errIndex
		}
		at = body + size
		switch {
		case name == "link":
			if size < x.hash {
				return errIndex
			}
			if base := x.data[body : body+x.hash]; !bytes.Equal(base, make([]byte, x.hash)) {
				x.shared = hex.EncodeToString(base)
			}
		case name == "sdir":
			x.sparse = true
		case name[0] < 'A' || name[0] > 'Z':
			return errIndex // not optional, and unknown
		}
	}
	if at != end {
		return errIndex
	}
	return nil
}

// offset reads the number that version 4 writes before a name: big-endian groups
// of seven bits, each but the last adding one. n is 0 when it does not end.
func offset(b []byte) (value, n int) {
	for n < len(b) && n < 5 { // five groups are more than any path has bytes
		c := b[n]
		n++
		value |= int(c & 0x7f)
		if c&0x80 == 0 {
			return value, n
		}
		value = (value + 1) << 7
	}
	return 0, 0
}
