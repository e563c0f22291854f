package engine

import (
	"errors"
	"sync/atomic"

	"github.com/tetratelabs/wazero/experimental"
)

// Memories is how many memories of the greatest size a load may have at once: the kernel
// bounds each of them only, and a machine has to bound their sum.
const Memories = 4

// budget hands out the linear memory of all instances of one load.
type budget struct {
	limit uint64 // of all together
	each  uint64
	used  atomic.Uint64
	peak  atomic.Uint64
}

// Allocate implements experimental.MemoryAllocator.
func (b *budget) Allocate(_, maximum uint64) experimental.LinearMemory {
	return &linear{budget: b, max: min(maximum, b.each)}
}

// linear is one memory; its one guest is the only caller.
type linear struct {
	budget *budget
	bytes  []byte
	max    uint64
}

// ErrMemory is the panic of a memory whose minimum is beyond the budget.
var ErrMemory = errors.New("memory budget spent")

// Reallocate implements experimental.LinearMemory: nil makes memory.grow return -1.
func (m *linear) Reallocate(size uint64) []byte {
	more := size - uint64(len(m.bytes))
	if size > m.max || m.budget.used.Load()+more > m.budget.limit {
		if m.bytes == nil && size > 0 {
			panic(ErrMemory) // wazero has no way to refuse a minimum
		}
		return nil
	}
	used := m.budget.used.Add(more)
	m.budget.peak.Store(max(m.budget.peak.Load(), used))
	if size <= uint64(cap(m.bytes)) {
		m.bytes = m.bytes[:size]
		return m.bytes
	}
	// Half as much again, so that growing page by page does not copy all of it each time.
	room := min(max(size, uint64(cap(m.bytes))*3/2), max(m.max, size))
	grown := make([]byte, size, room)
	copy(grown, m.bytes)
	m.bytes = grown
	return grown
}

// Free implements experimental.LinearMemory.
func (m *linear) Free() { m.budget.used.Add(-uint64(len(m.bytes))) }
