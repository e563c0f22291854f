package tree

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
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

// Cache remembers git's indexes and files of patterns between rules. The zero value is ready; it may
// be used concurrently, and must not be copied. It holds the paths of one index
// for each repository, about half as many bytes as the index has.
type Cache struct {
	mu       sync.Mutex         // guards all below
	indexes  map[string]*cached // by the index file's path
	patterns map[string]listed  // by the file's path
}

// listed is a file of patterns as it was read.
type listed struct {
	stat     File // with the folder's prefix for its path
	patterns *patterns
}

// parsed is what the file had to say when its stat was stat; not known: it was another one, or nobody has read it.
func (c *Cache) parsed(file string, stat File) (ps *patterns, known bool) {
	if c == nil {
		return nil, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l, known := c.patterns[file]
	return l.patterns, known && l.stat == stat
}

// parse notes what the file has to say as long as its stat is stat.
func (c *Cache) parse(file string, stat File, ps *patterns) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.patterns == nil {
		c.patterns = map[string]listed{}
	}
	c.patterns[file] = listed{stat, ps}
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
	if n.same(e.names) { // git writes the times of files anew with each checkout
		n = e.names
	}
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

// same reports whether n and other, which may be nil, track the same.
func (n *names) same(other *names) bool {
	return other != nil && n.all == other.all && n.sparse == other.sparse && slices.Equal(n.paths, other.paths)
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
	// Nothing in the file says which hash the repository uses; it only adds up with the right one.
	for _, hashSize := range []int{20, 32} {
		x := indexReader{hash: hashSize}
		if x.readFile(path) != nil {
			continue
		}
		if x.shared != "" {
			// What the shared part has and this file deletes still counts, until git rewrites it.
			base := indexReader{hash: hashSize}
			if base.readFile(fsys.Join(filepath.Dir(path), "sharedindex."+x.shared)) != nil {
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
// index-format document describes it. It holds no more of the file than a block.
type indexReader struct {
	hash   int // size of an object name: 20 for SHA-1, 32 for SHA-256
	paths  []string
	sparse bool
	shared string // hex name of the shared index, if split

	in      *bufio.Reader
	left    int64 // bytes before the checksum that were not read yet
	version uint32
	names   strings.Builder // all names one after the other, so that they are one allocation
	ends    []int           // of each name in names
	last    int             // where the last name begins
}

// readFile reads the index at path.
func (x *indexReader) readFile(path string) error {
	s, err := fsys.OpenSource(path)
	if err != nil {
		return err
	}
	defer s.Close()
	info, err := s.Stat()
	if err != nil {
		return err
	}
	if info.Kind != fsys.File || info.Size > maxIndex {
		return errIndex
	}
	x.in, x.left = bufio.NewReaderSize(toEnd{s}, blockRoom), info.Size-int64(x.hash)
	return x.read()
}

// toEnd is an open file as an io.Reader, which says where it ends.
type toEnd struct{ fsys.Source }

func (s toEnd) Read(p []byte) (int, error) {
	n, err := s.Source.Read(p)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

// take is the next n bytes, until the next call; nil where there are fewer.
func (x *indexReader) take(n int) []byte {
	b, err := x.in.Peek(n)
	if err != nil || int64(n) > x.left {
		return nil
	}
	x.drop(n)
	return b
}

// drop goes on behind n bytes, of which it does not say whether they are there.
func (x *indexReader) drop(n int) {
	x.left -= int64(n)
	_, _ = x.in.Discard(n) // what is missing is missed by who reads on
}

func (x *indexReader) read() error {
	size, head := x.left, x.take(12)
	if head == nil || string(head[:4]) != "DIRC" {
		return errIndex
	}
	x.version = binary.BigEndian.Uint32(head[4:])
	if x.version < 2 || x.version > 4 {
		return errIndex
	}
	count := int64(binary.BigEndian.Uint32(head[8:]))
	if fixed := int64(42 + x.hash); count <= size/fixed { // else it is none
		x.ends = make([]int, 0, count)
		x.names.Grow(int(size - count*fixed))
	}
	for range count {
		if !x.entry() {
			return errIndex
		}
	}
	x.cut()
	return x.extensions()
}

// entry reads one entry; false when it is not one.
func (x *indexReader) entry() bool {
	began := x.left
	fixed := x.take(40 + x.hash + 2) // ten numbers, the object's name and the flags
	if fixed == nil {
		return false
	}
	mode, extended := binary.BigEndian.Uint32(fixed[24:]), fixed[len(fixed)-2]&0x40 != 0
	x.sparse = x.sparse || mode&0o170000 == 0o040000
	if extended && x.take(2) == nil { // two more bytes of flags
		return false
	}
	previous := x.names.String()[x.last:]
	x.last = x.names.Len()
	if x.version == 4 {
		strip, ok := x.offset()
		if !ok || strip > len(previous) {
			return false
		}
		x.names.WriteString(previous[:len(previous)-strip])
	}
	name, err := x.in.ReadSlice(0) // a block is longer than any path
	x.left -= int64(len(name))
	if err != nil || x.left < 0 {
		return false
	}
	x.names.Write(name[:len(name)-1])
	x.ends = append(x.ends, x.names.Len())
	if read := int(began - x.left); x.version < 4 {
		x.drop((read+7)&^7 - read) // padded with one to eight NULs, of which one was read
	}
	return x.left >= 0
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
func (x *indexReader) extensions() error {
	for x.left >= 8 {
		head := x.take(8)
		if head == nil {
			return errIndex
		}
		name, size := string(head[:4]), int64(binary.BigEndian.Uint32(head[4:]))
		if size > x.left {
			return errIndex
		}
		switch {
		case name == "link":
			base := x.take(x.hash)
			if base == nil || size < int64(x.hash) {
				return errIndex
			}
			if size -= int64(x.hash); !bytes.Equal(base, make([]byte, x.hash)) {
				x.shared = hex.EncodeToString(base)
			}
		case name == "sdir":
			x.sparse = true
		case name[0] < 'A' || name[0] > 'Z':
			return errIndex // not optional, and unknown
		}
		x.drop(int(size))
	}
	if x.left != 0 {
		return errIndex
	}
	return nil
}

// offset reads the number that version 4 writes before a name: big-endian groups
// of seven bits, each but the last adding one.
func (x *indexReader) offset() (value int, ok bool) {
	for range 5 { // five groups are more than any path has bytes
		b := x.take(1)
		if b == nil {
			return 0, false
		}
		value |= int(b[0] & 0x7f)
		if b[0]&0x80 == 0 {
			return value, true
		}
		value = (value + 1) << 7
	}
	return 0, false
}
