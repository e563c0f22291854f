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
