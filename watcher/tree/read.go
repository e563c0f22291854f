package tree

import (
	"context"
	"sync"

	"github.com/zeebo/blake3"
)

// reading is one read of files.
type reading struct {
	list   func(context.Context, func(item) error) error // adds the files, in their order
	before func(string)                                  // test seam, may be nil
	trust  uint64                                        // the device on which a file's times tell of each change; 0: none
	known  []File                                        // the files before these, with
	sums   []uint64                                      // their sums, and
	marks  []mark                                        // the marks until then, the last of which is where this one begins
	spans  []span                                        // where those files lie in
	copy   *copied                                       // the copy that is gone by and written to; nil: there is none
}

// read takes the snapshot of the files that r.list adds, in that order. Reading
// runs ahead of hashing; list runs ahead of reading.
func read(ctx context.Context, r reading) (*Snapshot, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	order := make(chan *batch, batchAhead)
	todo := make(chan *batch, batchAhead)
	var running sync.WaitGroup
	var feedErr error // written before order is closed
	running.Go(func() {
		defer close(order)
		defer close(todo)
		feedErr = feed(ctx, r.list, order, todo)
	})
	for range readers {
		running.Go(func() {
			reader := newReader(ctx, r.before, r.trust)
			for b := range todo {
				reader.batch(b)
			}
			reader.end()
		})
	}
	s := &Snapshot{Files: r.known, memory: &memory{sums: r.sums, marks: r.marks, spans: r.spans, copy: r.copy}}
	if r.copy != nil {
		r.copy.mu.Lock()
		defer r.copy.mu.Unlock()
	}
	err := s.hash(order, cancel)
	running.Wait()
	if err == nil {
		err = feedErr
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// feed cuts what list adds into batches and sends each to order, then to todo.
// Every batch in order is also in todo, so whoever waits for its blocks gets them.
func feed(ctx context.Context, list func(context.Context, func(item) error) error, order, todo chan<- *batch) error {
	var b *batch
	send := func() {
		if b != nil {
			order <- b
			todo <- b
			b = nil
		}
	}
	err := list(ctx, func(it item) error {
		if b == nil {
			b = &batch{items: make([]item, 0, batchFiles), blocks: make(chan *block, ownBlocks)}
		}
		if it.in != nil {
			it.in.Hold()
		}
		b.items = append(b.items, it)
		if len(b.items) == batchFiles {
			send()
		}
		return ctx.Err()
	})
	send()
	return err
}

// hash consumes the batches in order until there are no more. It goes on at the last mark that
// the memory has. At the first error it calls stop and goes on emptying, so that no reader waits for ever.
func (s *Snapshot) hash(order <-chan *batch, stop func()) error {
	h, set := blake3.New(), marks{list: s.memory.marks}
	size := int64(0)
	if n := len(set.list); n > 0 {
		h, size = set.list[n-1].hash.Clone(), set.list[n-1].size
	}
	whole, open := true, int64(-1) // the stream so far ends with a file
	var failed error
	for b := range order {
		for blk := range b.blocks {
			if failed == nil {
				if whole {
					set.at(len(s.Files), size, h)
				}
				h.Write(blk.data) // never fails
				size += int64(len(blk.data))
				s.Files = append(s.Files, blk.files...)
				s.memory.sums = append(s.memory.sums, blk.sums...)
				if open, failed = s.locate(blk, open); failed != nil {
					stop()
				}
				if len(blk.data) > 0 {
					whole = blk.end == len(blk.data)
				}
			}
			blk.free <- blk
		}
		if failed == nil && b.err != nil {
			failed = b.err
			stop()
		}
	}
	for _, f := range s.Files {
		s.Bytes += max(f.Size, 0)
	}
	s.memory.marks = set.list
	h.Sum(s.Digest[:0])
	return failed
}

// locate notes what a block's files cost, and where they lie in the copy, to which what was read is added. open is
// where the file begins there that the block begins in.
func (s *Snapshot) locate(b *block, open int64) (stillOpen int64, err error) {
	if b.copied {
		s.memory.spans = append(s.memory.spans, b.spans...)
		return -1, nil
	}
	for _, f := range b.files {
		if f.Size != Absent {
			s.Cost.Opened++
			s.Cost.Bytes += f.Size
		}
	}
	if s.memory.copy == nil {
		return -1, nil
	}
	spans, stillOpen, err := s.memory.copy.add(b, open)
	if err != nil {
		return -1, errCopy
	}
	s.memory.spans = append(s.memory.spans, spans...)
	return stillOpen, nil
}
