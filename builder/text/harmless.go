// Package text makes text harmless, measures it and counts in it, once for everybody who
// writes to a terminal, to the log of a CI system or into a report.
//
// What a build, a module, a file name or a manifest says is written by others. On a
// terminal it could move the cursor, change colours or reorder what is read; in a CI
// system's log a line could be a command. Two forms make it harmless: with escapes
// (Name, Block, Line, Live), where "\x1b" is written for an escape character, and with
// signs (Shown, ShownName, ShownLine), where a picture of the character is, for documents
// that must hold no control characters at all.
package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

const reset = "\x1b[0m"

// Name is a name or a path as part of a line: what could move the cursor, change
// colours, reorder what is read or end the line is written as an escape.
func Name(name string) string { return escaped(name, false) }

// Line is text of several lines on one, harmless like a Name.
func Line(s string) string { return Name(strings.ReplaceAll(s, "\n", " ")) }

// Block is text made harmless like a Name, but for its line ends: they stay, indent
// begins every further line, and none of them is a command to a CI system.
func Block(s, indent string) string {
	lines := strings.Split(escaped(s, true), "\n")
	for i, line := range lines {
		if i > 0 {
			line = indent + line
		}
		lines[i] = Inert(line)
	}
	return strings.Join(lines, "\n")
}

// Inert makes a line nothing that a CI system obeys which reads the log: GitHub takes
// "::" after any spaces at a line's start, and "##[" anywhere in it; Azure takes "##vso[".
func Inert(line string) string {
	if strings.HasPrefix(strings.TrimSpace(line), "::") {
		line = strings.Replace(line, "::", ": :", 1)
	}
	if strings.Contains(line, "##") {
		line = strings.NewReplacer("##[", "## [", "##vso[", "## vso[").Replace(line)
	}
	return line
}

// Live is a line of a program's output, harmless like a Name. Escape sequences are left
// out, but for colours when colour is true; of a line that was written over with carriage
// returns the last text counts.
func Live(line string, colour bool) string {
	line = strings.TrimRight(line, "\r\n")
	if i := strings.LastIndexByte(line, '\r'); i >= 0 {
		line = line[i+1:]
	}
	var b strings.Builder
	coloured := false
	for {
		before, rest, found := cutSequence(line)
		b.WriteString(Name(before))
		if !found {
			break
		}
		if sequence := line[len(before) : len(line)-len(rest)]; colour && choosesColours(sequence) {
			b.WriteString(sequence)
			coloured = true
		}
		line = rest
	}
	if coloured {
		b.WriteString(reset)
	}
	return b.String()
}

// Strip is s without escape sequences; none of them goes beyond a line's end.
func Strip(s string) string {
	before, rest, found := cutSequence(s)
	if !found {
		return s
	}
	var b strings.Builder
	for found {
		b.WriteString(before)
		before, rest, found = cutSequence(rest)
	}
	b.WriteString(before)
	return b.String()
}

// cutSequence cuts s around its first escape sequence. An escape that begins no whole
// sequence is cut out alone.
func cutSequence(s string) (before, rest string, found bool) {
	i := strings.IndexByte(s, '\x1b')
	if i < 0 {
		return s, "", false
	}
	line, _, _ := strings.Cut(s[i:], "\n")
	_, _, n, state := ansi.DecodeSequence(line, ansi.NormalState, nil)
	if state != ansi.NormalState {
		n = 1
	}
	return s[:i], s[i+n:], true
}

// choosesColours reports whether an escape sequence does no more than that.
func choosesColours(sequence string) bool {
	parameters, ok := strings.CutPrefix(sequence, "\x1b[")
	if !ok || !strings.HasSuffix(parameters, "m") {
		return false
	}
	return strings.Trim(parameters[:len(parameters)-1], "0123456789;:") == ""
}

// escaped writes an escape for every character that does more than to be read. Line ends
// stay when lines is true.
func escaped(s string, lines bool) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n' && lines:
			b.WriteByte('\n')
		case r == '\t':
			b.WriteString("    ")
		case r < 0x80 && unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d' || r == '\u2028' || r == '\u2029':
			fmt.Fprintf(&b, `\u%04x`, r) // Cf: bidirectional overrides and the invisible; joined emoji stay
		default:
			b.WriteString(s[i : i+n])
		}
		i += n
	}
	return b.String()
}
