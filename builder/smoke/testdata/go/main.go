// A capsule in Go: the canonical ABI by hand, as no bindings generator is needed for
// one function. With the tag realloc it exports cabi_realloc, which a preview 1
// adapter then calls inside _initialize, before the Go runtime is ready: a real fault.
package main

import "unsafe"

type answer struct {
	action    uint32
	actionLen uint32
	some      uint32
	data      uint32
	dataLen   uint32
}

var (
	kept   []byte
	result answer
	verb   = []byte("continue")
)

//go:wasmimport astrid:sys/host@1.0.0 clock-ms
func clockMillis() uint64

//go:wasmexport astrid-hook-trigger
func trigger(action, actionLen, payload, payloadLen uint32) uint32 {
	clockMillis()
	name := unsafe.String((*byte)(unsafe.Pointer(uintptr(action))), actionLen)
	if name == "trap" {
		panic("asked to trap")
	}
	result = answer{
		action: uint32(uintptr(unsafe.Pointer(&verb[0]))), actionLen: uint32(len(verb)),
		some: 1, data: payload, dataLen: payloadLen,
	}
	return uint32(uintptr(unsafe.Pointer(&result)))
}

//go:wasmexport run
func run() {}

func main() {}
