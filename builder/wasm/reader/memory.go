package reader

import "github.com/tetratelabs/wazero/experimental"

// doubling is the memory of one call. It doubles when it grows, so that all its copies
// together take at most twice of what it may have; append would leave five times as much.
type doubling struct {
	bytes []byte
	max   uint64
}

func allocate(_, maximum uint64) experimental.LinearMemory { return &doubling{max: maximum} }

// Reallocate implements experimental.LinearMemory: nil makes memory.grow return -1.
func (m *doubling) Reallocate(size uint64) []byte {
	switch {
	case size > m.max:
		return nil
	case size <= uint64(cap(m.bytes)):
		m.bytes = m.bytes[:size]
		return m.bytes
	}
	grown := make([]byte, size, min(max(size, 2*uint64(cap(m.bytes))), m.max))
	copy(grown, m.bytes)
	m.bytes = grown
	return grown
}

// Free implements experimental.LinearMemory.
func (m *doubling) Free() { m.bytes = nil }
