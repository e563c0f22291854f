package report

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// valid is s with every byte that is not UTF-8 replaced by U+FFFD.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// keepStart is s when it has at most limit bytes, else its start and a note.
func keepStart(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return fmt.Sprintf("%s... (%d bytes left out)", s[:end], len(s)-end)
}

// keepEnd is s when it has at most limit bytes, else a note and its last whole lines.
func keepEnd(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	start := len(s) - limit
	if nl := strings.IndexByte(s[start:], '\n'); nl >= 0 && start+nl+1 < len(s) {
		start += nl + 1
	}
	for start < len(s) && !utf8.RuneStart(s[start]) {
		start++
	}
	return fmt.Sprintf("... (%d bytes left out)\n%s", start, s[start:])
}

// plain is s as it can be shown to a person: no terminal sequences, every other
// control character as a visible sign, only "\n" for line ends. Characters that
// reorder text (bidirectional overrides) become U+FFFD, so that nothing can
// pretend to be what it is not.
func plain(s string) string {
	s = strings.ReplaceAll(withoutSequences(s), "\r\n", "\n")
	return strings.Map(visible, s)
}

// visible is the sign that stands for r where a person reads it.
func visible(r rune) rune {
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

// label is a name or a path as a person reads it: every character of it is seen,
// line ends too, and it is empty only when s is.
func label(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 {
			return 0x2400 + r
		}
		if r = visible(r); r == '\n' {
			return utf8.RuneError
		}
		return r
	}, s)
}

// line is plain on one line.
func line(s string) string {
	return strings.Join(strings.Fields(plain(s)), " ")
}

// withoutSequences drops ANSI escape sequences: CSI (colours, cursor) and OSC (titles, links).
func withoutSequences(s string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(s, "\x1b")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		n := sequence(after)
		if n == 0 {
			out.WriteByte('\x1b')
		}
		s = after[n:]
	}
}

// sequence is the length of the sequence that follows an escape, 0 for none.
func sequence(s string) int {
	switch {
	case strings.HasPrefix(s, "["):
		for i := 1; i < len(s); i++ {
			if s[i] >= 0x40 && s[i] <= 0x7e {
				return i + 1
			}
			if s[i] < 0x20 || s[i] > 0x7e {
				return 0
			}
		}
	case strings.HasPrefix(s, "]"):
		end := strings.IndexAny(s, "\x07\x1b\n")
		switch {
		case end < 0 || s[end] == '\n':
			return 0
		case strings.HasPrefix(s[end:], "\x1b\\"):
			return end + 2
		case s[end] == 0x07:
			return end + 1
		}
	}
	return 0
}

// plural is "1 error" or "2 errors".
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// seconds is a duration in milliseconds as people read it, "" for zero.
func seconds(ms int64) string {
	if ms <= 0 {
		return ""
	}
	if ms < 1000 {
		return fmt.Sprintf("%d ms", ms)
	}
	return fmt.Sprintf("%.1f s", float64(ms)/1000)
}
