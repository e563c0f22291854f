package tree

import (
	"strings"
	"unicode/utf8"
)

// lossy is path as text: each maximal part that could begin a character but
// does not become one is replaced by one U+FFFD, every other invalid byte too,
// as the Unicode standard recommends and Rust's to_string_lossy does.
func lossy(path string) string {
	if utf8.ValidString(path) {
		return path
	}
	var b strings.Builder
	for len(path) > 0 {
		r, n := utf8.DecodeRuneInString(path)
		if r == utf8.RuneError && n <= 1 {
			n = invalid(path)
			b.WriteString("\uFFFD")
		} else {
			b.WriteString(path[:n])
		}
		path = path[n:]
	}
	return b.String()
}

// invalid is the length of the maximal invalid part that s begins with: the
// longest prefix of some character's encoding, at least one byte.
func invalid(s string) int {
	want, low, high := 0, byte(0x80), byte(0xBF) // continuation bytes, range of the first of them
	switch c := s[0]; {
	case c >= 0xC2 && c <= 0xDF:
		want = 1
	case c >= 0xE0 && c <= 0xEF:
		want = 2
		if c == 0xE0 {
			low = 0xA0 // below: an overlong form
		} else if c == 0xED {
			high = 0x9F // above: a surrogate
		}
	case c >= 0xF0 && c <= 0xF4:
		want = 3
		if c == 0xF0 {
			low = 0x90 // below: an overlong form
		} else if c == 0xF4 {
			high = 0x8F // above: beyond U+10FFFF
		}
	}
	n := 1
	for n <= want && n < len(s) && s[n] >= low && s[n] <= high {
		n, low, high = n+1, 0x80, 0xBF
	}
	return n
}
