package reader

import (
	"sync"

	"github.com/tetratelabs/wazero/experimental"
)

// doubling is the memory of one call. It doubles when it grows, so that all its copies
// together take at most twice of what it may have; append would leave five times as much.
type doubling struct {
	bytes []byte
	dirty int // what an earlier call may have written of what bytes may grow to, without another allocation
	max   uint64
	from  *memories
}

// Reallocate implements experimental.LinearMemory: nil makes memory.grow return -1.
func (m *doubling) Reallocate(size uint64) []byte {
	switch {
	case size > m.max:
		return nil
	case size <= uint64(cap(m.bytes)):
		was := len(m.bytes)
		m.bytes = m.bytes[:size]
		if was < m.dirty {
			clear(m.bytes[was:min(m.dirty, len(m.bytes))])
		}
		return m.bytes
	}
	grown := make([]byte, size, min(max(size, 2*uint64(cap(m.bytes))), m.max))
	copy(grown, m.bytes)
	m.bytes, m.dirty = grown, 0
	return grown
}

// Free implements experimental.LinearMemory.
func (m *doubling) Free() {
	if m.bytes != nil {
		m.from.leave(m.bytes, m.dirty)
	}
	m.bytes = nil
}

// keptMemory is the most of it that waits for the next call: what a module of 5 MB needs.
const keptMemory = 32 << 20

// memories are those of calls after each other. To begin with memory that the system has not given yet takes as long
// as to read a module, so that a child, which reads one after the other, keeps that of its last call. The zero value
// keeps none.
type memories struct {
	keep bool

	mu    sync.Mutex // guards what follows
	spare []byte     // its capacity counts
	dirty int        // how much of it has been written
}

func (s *memories) allocate(_, maximum uint64) experimental.LinearMemory {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &doubling{max: maximum, from: s}
	if uint64(cap(s.spare)) <= maximum {
		m.bytes, m.dirty, s.spare = s.spare[:0], s.dirty, nil
	}
	return m
}

// leave has a call's memory wait for the next one. Of it the first dirty bytes are not zero, and what the call used.
func (s *memories) leave(b []byte, dirty int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keep && cap(b) <= keptMemory && cap(b) >= cap(s.spare) {
		s.spare, s.dirty = b[:0], max(dirty, len(b))
	}
}
