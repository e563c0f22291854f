package text

import (
	"strings"
	"unicode/utf8"
)

// Shown is s as a document can hold it: no escape sequences, every other control
// character as a visible sign, only "\n" for line ends. Characters that reorder text
// (bidirectional overrides) become U+FFFD, so that nothing can pretend to be what it is not.
func Shown(s string) string {
	return strings.Map(sign, strings.ReplaceAll(Strip(s), "\r\n", "\n"))
}

// ShownName is a name or a path as a document can hold it: every character of it is
// seen, line ends too, and it is empty only when s is.
func ShownName(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 {
			return 0x2400 + r
		}
		if r = sign(r); r == '\n' {
			return utf8.RuneError
		}
		return r
	}, s)
}

// ShownLine is Shown on one line.
func ShownLine(s string) string {
	return strings.Join(strings.Fields(Shown(s)), " ")
}

// sign is what stands for r where a person reads it.
func sign(r rune) rune {
	switch {
	case r == '\r', r == 0x85, r == 0x2028, r == 0x2029:
		return '\n'
	case r == '\n', r == '\t':
		return r
	case r < 0x20:
		return 0x2400 + r // the control pictures stand in the order of the controls
	case r == 0x7f:
		return 0x2421
	case r >= 0x80 && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r&0xfffe == 0xfffe:
		return utf8.RuneError
	}
	return r
}

// Abbreviated is the beginning and the end of a path that is too long to be read.
func Abbreviated(path string) string {
	const head, tail = 120, 60 // as much as tells folders apart, in two lines of a screen
	if len(path) <= head+tail {
		return path
	}
	return path[:head] + "..." + path[len(path)-tail:]
}
