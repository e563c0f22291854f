package abi

import "context"

// Memory is a guest's linear memory; wazero's is one. A read returns a view.
type Memory interface {
	Read(address, n uint32) ([]byte, bool)
	Write(address uint32, b []byte) bool
}

// Handles are what a guest's numbers of resources stand for.
type Handles interface {
	Lend(number uint32) (rep uint32, ok bool) // of a borrow
	Take(number uint32) (rep uint32, ok bool) // of an own: the guest has it no more
	Give(rep uint32) (number uint32)
}

// Guest is what a call needs of the guest that makes it.
type Guest struct {
	Memory   Memory // nil: it has none to pass values in
	Encoding string // of strings: "" and utf8, utf16, latin1+utf16
	Handles  Handles

	// Realloc has the guest allocate; nil: it cannot.
	Realloc func(ctx context.Context, align, size uint32) (address uint32, err error)

	budget int // what may still be lifted, in bytes of ours
}

// Budget is how much one call may lift, counted in bytes of the host's memory: lists may
// name the same bytes of a guest again and again. It is the default of the runtime's engine
// (wasmtime 48, DEFAULT_HOSTCALL_FUEL: 128 MiB).
const Budget = 128 << 20

func (g *Guest) spend(n int) error {
	if g.budget -= n; g.budget < 0 {
		return wrong("too much data for the host: a call passes more than %d MiB", Budget>>20)
	}
	return nil
}
