//go:build trigger

package main

import "unsafe"

// With this file the capsule exports the contract function, the canonical ABI by hand, and
// cabi_realloc, which an adapter calls inside _initialize: a real fault when wrapped.

type answer struct{ action, actionLen, some, data, dataLen uint32 }

var (
	kept   [][]byte
	result answer
	verb   = []byte("continue")
)

//go:wasmexport cabi_realloc
func realloc(old, oldSize, align, size uint32) uint32 {
	b := make([]byte, size+align)
	kept = append(kept, b)
	return uint32(uintptr(unsafe.Pointer(&b[0])))
}

//go:wasmexport astrid-hook-trigger
func trigger(action, actionLen, payload, payloadLen uint32) uint32 {
	if unsafe.String((*byte)(unsafe.Pointer(uintptr(action))), actionLen) == "trap" {
		panic("asked to trap")
	}
	result = answer{
		action: uint32(uintptr(unsafe.Pointer(&verb[0]))), actionLen: uint32(len(verb)),
		some: 1, data: payload, dataLen: payloadLen,
	}
	return uint32(uintptr(unsafe.Pointer(&result)))
}

//go:wasmexport astrid-install
func install() {}
