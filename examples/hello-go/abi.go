//go:build wasip1

package main

import "unsafe"

// This file is the Component Model's canonical ABI for
//
//	astrid-hook-trigger: func(action: string, payload: list<u8>) -> capsule-result
//	record capsule-result { action: string, data: option<string> }
//
// The caller asks cabi_realloc for memory, writes the arguments there, and reads
// the result from the address that the function returns.

// held keeps what the caller knows only as an address alive until the end of a call.
var held [][]byte

// result is capsule-result as it lies in memory.
var result struct {
	action, actionLen uint32
	hasData           uint32 // its lowest byte is the discriminant
	data, dataLen     uint32
}

//go:wasmexport cabi_realloc
func cabiRealloc(old, oldSize, align, size uint32) uint32 {
	if size == 0 {
		return align
	}
	block := make([]byte, size+align)
	held = append(held, block)
	at := (address(block) + align - 1) &^ (align - 1)
	copy(block[at-address(block):][:size], bytesAt(old, oldSize))
	return at
}

//go:wasmexport astrid-hook-trigger
func trigger(action, actionLen, payload, payloadLen uint32) uint32 {
	next, data := answer(string(bytesAt(action, actionLen)), bytesAt(payload, payloadLen))
	held = held[:0]
	result.action, result.actionLen = keep(next)
	result.data, result.dataLen = keep(data)
	result.hasData = min(result.dataLen, 1)
	return uint32(uintptr(unsafe.Pointer(&result)))
}

//go:wasmexport cabi_post_astrid-hook-trigger
func afterTrigger(uint32) { held = held[:0] }

func keep(text string) (at, length uint32) {
	block := []byte(text)
	held = append(held, block)
	return address(block), uint32(len(block))
}

func address(block []byte) uint32 { return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(block)))) }

// bytesAt returns what the caller wrote to memory that cabi_realloc gave it.
func bytesAt(at, length uint32) []byte {
	for _, block := range held {
		if start := address(block); start <= at && at-start+length <= uint32(len(block)) {
			return block[at-start:][:length]
		}
	}
	return nil
}
