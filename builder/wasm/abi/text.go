package abi

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// utf16Tag marks the length of a latin1+utf16 string that is UTF-16.
const utf16Tag = 1 << 31

// EncodeText returns a string's bytes in an encoding, its length in the encoding's units, and
// its alignment.
func EncodeText(s, encoding string) (b []byte, units uint32, align uint32) {
	if encoding != "utf16" && encoding != "latin1+utf16" {
		return []byte(s), uint32(len(s)), 1
	}
	codes := utf16.Encode([]rune(s))
	for _, c := range codes {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	units = uint32(len(codes))
	if encoding == "latin1+utf16" {
		units |= utf16Tag
	}
	return b, units, 2
}

// TextBytes says how many bytes a string of so many units has, and whether they are UTF-16;
// ok is false for more than a memory has.
func TextBytes(units uint32, encoding string) (n uint32, wide, ok bool) {
	wide = encoding == "utf16" || encoding == "latin1+utf16" && units&utf16Tag != 0
	if encoding == "latin1+utf16" {
		units &^= utf16Tag
	}
	if wide && units > 1<<30 {
		return 0, wide, false
	}
	if wide {
		units *= 2
	}
	return units, wide, true
}

// DecodeText is the text of bytes; valid is false for what is not text in the encoding,
// and then the text is what can be made of it.
func DecodeText(b []byte, wide bool, encoding string) (text string, valid bool) {
	switch {
	case wide:
		codes := make([]uint16, len(b)/2)
		for i := range codes {
			codes[i] = binary.LittleEndian.Uint16(b[2*i:])
		}
		return string(utf16.Decode(codes)), pairs(codes)
	case encoding == "latin1+utf16":
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return string(runes), true
	}
	return string(b), utf8.Valid(b)
}

// pairs reports whether every surrogate has its other half.
func pairs(codes []uint16) bool {
	for i := 0; i < len(codes); i++ {
		if !utf16.IsSurrogate(rune(codes[i])) {
			continue
		}
		if i+1 == len(codes) || utf16.DecodeRune(rune(codes[i]), rune(codes[i+1])) == utf8.RuneError {
			return false
		}
		i++
	}
	return true
}
