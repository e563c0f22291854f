package tree

import (
	"os"
	"sync"
)

// What a look read of a huge tree is copied into a file without a name, as the digest's stream has it. The next
// look takes from there what did not change: a run of such files is one piece of the file, and none of them is opened.

// copyFrom is from how many files on a tree is copied, when a second look must read of it; tests have less.
var copyFrom = 2000

// copyMost is how many bytes a copy may have: beyond it nothing is copied.
const copyMost = 2 << 30

// span is where the stream of a file, its header and its content, lies in a copy; the zero span is nowhere.
type span struct{ from, to int64 }

// copied is the file. It is closed when nobody holds a snapshot any more that goes by it.
type copied struct {
	mu   sync.Mutex // held by the one look that writes
	file *os.File
	end  int64
}

// newCopied is nil where no such file can be had: then everything is read where it lies.
func newCopied() *copied {
	f, err := os.CreateTemp("", ".astrid-dev-sources-*")
	if err != nil {
		return nil
	}
	if os.Remove(f.Name()) != nil { // a file that others can open could be changed by them
		f.Close()
		_ = os.Remove(f.Name())
		return nil
	}
	return &copied{file: f}
}

// copyFor is the copy that a look which goes by old writes to; nil: none.
func (old *Snapshot) copyFor() *copied {
	c := old.memory.copy
	switch {
	case len(old.Files) < copyFrom || old.Bytes > copyMost/4:
		return nil
	case c == nil || c.end > copyMost:
		return newCopied()
	}
	return c
}

// add appends the piece of stream b, and gives the spans of the files that end in it. open is where the one
// begins that is neither ended before b nor known: negative where b begins with a file.
func (c *copied) add(b *block, open int64) (spans []span, stillOpen int64, err error) {
	base := c.end
	if _, err := c.file.WriteAt(b.data, base); err != nil {
		return nil, -1, err
	}
	c.end += int64(len(b.data))
	from := open
	if from < 0 {
		from = base
	}
	for _, end := range b.ends {
		to := base + int64(end)
		spans = append(spans, span{from, to})
		from = to
	}
	if b.end == len(b.data) {
		return spans, -1, nil
	}
	return spans, from, nil
}

// run is a row of files that did not change, whose streams lie one behind the other in a copy.
type run struct {
	from  *copied
	files []File
	sums  []uint64
	spans []span
}

// runAt is the longest such row of now's files that begins with the file at; nil: none does. Its files were old's
// from the index i on.
func (old *Snapshot) runAt(now []File, at, i int) *run {
	m := old.memory
	if m.copy == nil || i < 0 {
		return nil
	}
	n := 0
	for at+n < len(now) && i+n < len(old.Files) && now[at+n] == old.Files[i+n] && m.sums[i+n] != 0 && m.spans[i+n].to > 0 &&
		(n == 0 || m.spans[i+n].from == m.spans[i+n-1].to) {
		n++
	}
	if n == 0 {
		return nil
	}
	return &run{m.copy, old.Files[i : i+n], m.sums[i : i+n], m.spans[i : i+n]}
}
