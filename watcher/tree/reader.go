package tree

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// The sizes of the pipeline. Together they bound its memory to about 2 MB.
const (
	readers     = 2         // one reads while the other's blocks are hashed; more did not help on any machine tried
	blockSize   = 256 << 10 // bytes: fits a core's second-level cache, and ten typical source files
	ownBlocks   = 4         // of each reader: how far it may run ahead of the hash
	batchFiles  = 32        // files handed to a reader at once; a hand-over costs as much as reading a small file
	batchAhead  = 4         // batches that the walk may run ahead of the hash; each holds its folders open
	fileRetries = 3         // times a file that changed is read again before the whole take starts over
)

// item is one file to read.
type item struct {
	in     *fsys.Dir // the folder it lies in; nil when it is known by full alone
	name   string
	path   string // what the digest and the snapshot call it
	full   string // absolute; only when in is nil
	absent bool   // nothing to read: the digest records that it is not there
	run    *run   // many files, which are taken from a copy; nil: it is one that is read
}

func (it item) where() string {
	if it.in != nil {
		return fsys.Join(it.in.Path, it.name)
	}
	return it.full
}

func (it item) open() (fsys.Source, error) {
	if it.in != nil {
		return it.in.Source(it.name)
	}
	return fsys.OpenSource(it.full)
}

// batch is a run of files and the blocks of byte stream read from them.
type batch struct {
	items  []item
	blocks chan *block // closed by the reader when the batch is done
	err    error       // of the reader; read it after blocks was closed
}

func (b *batch) release() {
	for _, it := range b.items {
		if it.in != nil {
			it.in.Release()
		}
	}
}

// block is a piece of the byte stream and the files whose content ends in it.
type block struct {
	data  []byte // capacity blockRoom
	files []File
	sums  []uint64    // of each of files, as memory.sums
	ends  []int       // where each of files ends in data; none of a block from a copy
	end   int         // where the last of files ends in data
	free  chan *block // where it goes when it was hashed

	copied bool   // it comes from a copy
	spans  []span // where its files lie there
}

// blockRoom has a byte more than is ever hashed of a block, so that one read
// takes a file's content and sees that it ends there.
const blockRoom = blockSize + 1

// rooms are the data of blocks of reads that have ended: clearing new ones
// would cost a fifth of the reading of a small capsule.
var rooms = sync.Pool{New: func() any { return new([blockRoom]byte) }}

// errCopy is that a copy cannot be written, or read. What is copied lies where it was, too.
var errCopy = errors.New("the copy of the sources cannot be used")

// reader turns batches into blocks. It belongs to one goroutine.
type reader struct {
	ctx    context.Context // of the one read that the reader lives in
	before func(string)    // test seam, may be nil
	trust  uint64          // as reading has it
	free   chan *block     // its own blocks that are neither being filled nor hashed
	cur    *block
	out    chan<- *block
	spare  []byte       // what a second reading of a file is read into
	sum    maphash.Hash // of the file that is being read
}

func newReader(ctx context.Context, before func(string), trust uint64) *reader {
	r := &reader{ctx: ctx, before: before, trust: trust, free: make(chan *block, ownBlocks)}
	r.sum.SetSeed(seed)
	for range ownBlocks {
		r.free <- &block{free: r.free}
	}
	return r
}

// batch reads all files of b, or as far as the first error, and closes b.blocks.
func (r *reader) batch(b *batch) {
	defer b.release()
	defer close(b.blocks)
	r.out, r.cur = b.blocks, r.take()
	for _, it := range b.items {
		if b.err = r.ctx.Err(); b.err == nil {
			b.err = r.item(it)
		}
		if b.err != nil {
			r.free <- r.cur
			return
		}
	}
	r.flush(false)
}

// take returns an empty block. It waits for the hash to give one back.
func (r *reader) take() *block {
	b := <-r.free
	if b.data == nil {
		b.data = rooms.Get().(*[blockRoom]byte)[:]
	}
	b.data, b.files, b.sums, b.ends, b.end = b.data[:0], b.files[:0], b.sums[:0], b.ends[:0], 0
	b.copied, b.spans = false, b.spans[:0]
	return b
}

// end gives the rooms back, when every block was hashed.
func (r *reader) end() {
	for range ownBlocks {
		if b := <-r.free; b.data != nil {
			rooms.Put((*[blockRoom]byte)(b.data[:blockRoom]))
		}
	}
}

// flush hands the current block on, and takes another when more is to come.
func (r *reader) flush(more bool) {
	r.out <- r.cur
	r.cur = nil
	if more {
		r.cur = r.take()
	}
}

// item writes one file to the stream; a small one that changed meanwhile is read again.
func (r *reader) item(it item) error {
	if it.run != nil {
		return r.copied(it.run)
	}
	if it.absent {
		r.header(it.path, Absent)
		r.add(File{Path: it.path, Size: Absent}, 0)
		return nil
	}
	if r.before != nil {
		r.before(it.where())
	}
	for n := 1; ; n++ {
		again, err := r.file(it)
		if err == nil || !again || n == fileRetries {
			return changed(err)
		}
	}
}

// copied hands the stream of a run on, in blocks of its own.
func (r *reader) copied(c *run) error {
	if len(r.cur.data) > 0 {
		r.flush(true)
	}
	for n := 0; n < len(c.files); {
		from, last := c.spans[n].from, n
		for last < len(c.files) && c.spans[last].to-from <= blockSize {
			last++
		}
		if last == n { // a file that is larger than a block
			last++
		}
		if err := r.piece(c, n, last, from); err != nil {
			return err
		}
		n = last
	}
	return nil
}

// piece hands on the stream of the files of c from first, which lies at from, and before last.
func (r *reader) piece(c *run, first, last int, from int64) error {
	for to := c.spans[last-1].to; from < to; {
		size := min(to-from, blockSize)
		r.cur.data, r.cur.copied = r.cur.data[:size], true
		if _, err := c.from.file.ReadAt(r.cur.data, from); err != nil {
			return errCopy
		}
		if from += size; from == to {
			r.cur.files, r.cur.sums = append(r.cur.files, c.files[first:last]...), append(r.cur.sums, c.sums[first:last]...)
			r.cur.spans, r.cur.end = append(r.cur.spans, c.spans[first:last]...), len(r.cur.data)
		}
		if err := r.ctx.Err(); err != nil {
			return err
		}
		r.flush(true)
	}
	return nil
}

// file reads one file. again is true when it failed because the file changed
// and nothing of it has been handed on.
func (r *reader) file(it item) (again bool, err error) {
	began := time.Now()
	s, err := it.open()
	if err != nil {
		return false, err
	}
	defer s.Close()
	is, err := s.Stat()
	if err != nil {
		return false, &fs.PathError{Op: "stat", Path: it.where(), Err: err}
	}
	if is.Kind != fsys.File {
		return false, &ChangingError{Path: it.where(), What: "became something else than a file"}
	}
	st := fileOf("", is)
	if need := 16 + 3*len(it.path) + int(min(st.Size, blockSize)); need > blockSize-len(r.cur.data) && len(r.cur.data) > 0 {
		r.flush(true) // so that small files stay whole in one block, and can be read again
	}
	start := len(r.cur.data)
	r.header(it.path, st.Size)
	handed, err := r.content(s, it, st.Size)
	if err == nil {
		err = r.settled(s, it, st, began, handed)
	}
	if err != nil {
		r.cur.data = r.cur.data[:min(start, len(r.cur.data))]
		return !handed && errors.Is(err, ErrChanging), err
	}
	st.Path = it.path
	sum := uint64(0)
	if r.trust != 0 && is.ID.Dev == r.trust && st.Settled(began) {
		sum = max(r.sum.Sum64(), unsummed+1)
	}
	r.add(st, sum)
	return false, nil
}

// add notes that f ends where the block ends now.
func (r *reader) add(f File, sum uint64) {
	r.cur.files, r.cur.sums, r.cur.end = append(r.cur.files, f), append(r.cur.sums, sum), len(r.cur.data)
	r.cur.ends = append(r.cur.ends, r.cur.end)
}

// content reads exactly size bytes and sees that no more follow; handed says
// that a block was handed on on the way.
func (r *reader) content(s fsys.Source, it item, size int64) (handed bool, err error) {
	r.sum.Reset()
	for left := size; ; {
		if len(r.cur.data) >= blockSize {
			if err := r.ctx.Err(); err != nil {
				return handed, err
			}
			handed = true
			r.flush(true)
		}
		used := len(r.cur.data)
		wanted := min(left+1, int64(blockRoom-used))
		n, err := s.Read(r.cur.data[used : used+int(wanted)])
		if err != nil {
			return handed, &fs.PathError{Op: "read", Path: it.where(), Err: err}
		}
		switch {
		case int64(n) > left:
			return handed, written(it) // there is more than its size said
		case n == 0 && left > 0:
			return handed, &ChangingError{Path: it.where(), What: "became shorter"}
		}
		r.cur.data = r.cur.data[:used+n]
		_, _ = r.sum.Write(r.cur.data[used:]) // never fails
		if left -= int64(n); left == 0 && int64(n) < wanted {
			return handed, nil // less than was asked for: the end
		}
	}
}

// settled fails unless the file is what it was when it was opened as st, so that
// what was read of it is a content that it had. While its times are too young to
// tell, it is read once more and compared, or, when its bytes are already handed
// on, refused.
func (r *reader) settled(s fsys.Source, it item, st File, began time.Time, handed bool) error {
	age := began.Sub(time.Unix(0, st.Ctime))
	if age < fresh && age > -farAhead {
		if handed || !r.same(s, r.cur.data[len(r.cur.data)-int(st.Size):]) {
			return written(it)
		}
	}
	after, err := s.Stat()
	if err != nil {
		return &fs.PathError{Op: "stat", Path: it.where(), Err: err}
	}
	if fileOf("", after) != st {
		return written(it)
	}
	return nil
}

func written(it item) error {
	return &ChangingError{Path: it.where(), What: "was written to"}
}

// same reads the file again and compares it with content, which was read before.
func (r *reader) same(s fsys.Source, content []byte) bool {
	if r.spare == nil {
		r.spare = make([]byte, blockSize+1) // a byte more than any content, to see one that grew
	}
	n := s.ReadAgain(r.spare[:len(content)+1])
	return bytes.Equal(r.spare[:n], content)
}

// header writes the path and the length of what follows, in one block.
func (r *reader) header(path string, size int64) {
	text := lossy(path)
	if len(r.cur.data)+16+len(text) > blockSize && len(r.cur.data) > 0 {
		r.flush(true)
	}
	b := binary.LittleEndian.AppendUint64(r.cur.data, uint64(len(text)))
	b = append(b, text...)
	r.cur.data = binary.LittleEndian.AppendUint64(b, uint64(size))
}

// changed turns an error that says "not there any more" into a ChangingError.
func changed(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) && gone(err) {
		return &ChangingError{Path: pe.Path, What: fmt.Sprintf("vanished (%v)", pe.Err)}
	}
	return err
}
