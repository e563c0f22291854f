package testkit

import (
	"bytes"
	"encoding/binary"
)

// Core is a core module of sections.
func Core(sections ...[]byte) []byte {
	return append([]byte("\x00asm\x01\x00\x00\x00"), bytes.Join(sections, nil)...)
}

// Component is a component of sections.
func Component(sections ...[]byte) []byte {
	return append([]byte("\x00asm\x0d\x00\x01\x00"), bytes.Join(sections, nil)...)
}

// Section is a section of a module, with its length.
func Section(id byte, content ...[]byte) []byte {
	return append([]byte{id}, Sized(bytes.Join(content, nil))...)
}

// Vector is items with their number.
func Vector(items ...[]byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(items))), bytes.Join(items, nil)...)
}

// Sized is bytes with their length: a name, a function's body, a section's content.
func Sized[T string | []byte](content T) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(content))), content...)
}
