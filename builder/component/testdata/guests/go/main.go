// A capsule in Go, built as a preview 1 reactor and wrapped with the adapter.
package main

import "unsafe"

//go:wasmimport astrid:guest/host@1.0.0 log
func hostLog(level uint32, text unsafe.Pointer, length uint32)

var outcome [5]uint32

//go:wasmexport cabi_realloc
func cabiRealloc(old unsafe.Pointer, oldSize, align, size uint32) unsafe.Pointer {
	b := make([]byte, size+1)
	return unsafe.Pointer(&b[0])
}

//go:wasmexport astrid-hook-trigger
func trigger(action unsafe.Pointer, length uint32, payload unsafe.Pointer, size uint32) unsafe.Pointer {
	hostLog(1, action, length)
	return unsafe.Pointer(&outcome)
}

//go:wasmexport run
func run() {}

func main() {}
