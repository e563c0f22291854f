//go:build realloc

package main

import "unsafe"

//go:wasmexport cabi_realloc
func realloc(old, oldSize, align, size uint32) uint32 {
	b := make([]byte, size+align)
	kept = b
	return uint32(uintptr(unsafe.Pointer(&b[0])))
}
