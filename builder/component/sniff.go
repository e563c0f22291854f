package component

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Kind is what some bytes are, judged by their first eight.
type Kind int

// The kinds. The zero value is KindUnknown.
const (
	KindUnknown   Kind = iota // not WebAssembly, or of a version or layer nobody knows
	KindCore                  // a core module, version 1
	KindComponent             // a component, version 0xd (what every tool has written since 2023)
	KindTruncated             // begins like WebAssembly and ends within the first eight bytes
	KindEmpty                 // no bytes at all
	KindText                  // the text format, which has to be assembled first
)

// String returns the kind in one word.
func (k Kind) String() string {
	switch k {
	case KindCore:
		return "core"
	case KindComponent:
		return "component"
	case KindTruncated:
		return "truncated"
	case KindEmpty:
		return "empty"
	case KindText:
		return "text"
	}
	return "unknown"
}

// magic opens every WebAssembly binary.
const magic = "\x00asm"

// The values of bytes 4-8: version and layer, two little-endian 16-bit numbers.
const (
	coreVersion      = 0x0000_0001
	componentVersion = 0x0001_000d
)

// preambleSize is the length of magic, version and layer in bytes.
const preambleSize = 8

// Sniffed is what Sniff found.
type Sniffed struct {
	Kind Kind
	// Version and Layer are bytes 4-6 and 6-8; zero when there are fewer than eight.
	Version, Layer uint16
	// Sentence says what the bytes are, for a person; never empty, no full stop.
	Sentence string
}

// Sniff tells a core module from a component from anything else. It reads at most the first
// 64 bytes and cannot fail.
func Sniff(b []byte) Sniffed {
	switch {
	case len(b) == 0:
		return Sniffed{Kind: KindEmpty, Sentence: "the file is empty"}
	case len(b) < preambleSize && bytes.HasPrefix([]byte(magic), b[:min(len(b), 4)]):
		return Sniffed{Kind: KindTruncated, Sentence: fmt.Sprintf("the file ends after %d bytes, within the eight that open a WebAssembly binary", len(b))}
	case !bytes.HasPrefix(b, []byte(magic)):
		return sniffForeign(b)
	}
	word := binary.LittleEndian.Uint32(b[4:8])
	s := Sniffed{Version: uint16(word), Layer: uint16(word >> 16)}
	switch {
	case word == coreVersion:
		s.Kind, s.Sentence = KindCore, "a core WebAssembly module"
	case word == componentVersion:
		s.Kind, s.Sentence = KindComponent, "a WebAssembly component"
	case s.Layer == 1:
		s.Sentence = fmt.Sprintf("a WebAssembly component of version %#x; only version 0xd is understood, so build it again with current tools", s.Version)
	default:
		s.Sentence = fmt.Sprintf("a WebAssembly binary of unknown version %d and layer %d", s.Version, s.Layer)
	}
	return s
}

// sniffForeign names what does not begin with the magic bytes.
func sniffForeign(b []byte) Sniffed {
	head := bytes.TrimLeft(b[:min(len(b), 64)], " \t\r\n")
	for _, p := range []string{"(module", "(component", ";;", "(;"} {
		if bytes.HasPrefix(head, []byte(p)) {
			return Sniffed{Kind: KindText, Sentence: "WebAssembly text; it has to be assembled to a binary first"}
		}
	}
	return Sniffed{Sentence: "not WebAssembly: the file does not begin with the bytes 00 61 73 6d"}
}
