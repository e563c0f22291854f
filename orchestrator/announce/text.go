package announce

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text harmless on a terminal: what could move the cursor, change
// colours, or reorder what is read is written as an escape. Newlines stay when
// lines is true.
func clean(text string, lines bool) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r == '\n' && lines:
			b.WriteByte('\n')
		case r == '\t':
			b.WriteString("    ")
		case r < 0x80 && unicode.IsControl(r):
			fmt.Fprintf(&b, `\x%02x`, r)
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d' || r == '\u2028' || r == '\u2029':
			fmt.Fprintf(&b, `\u%04x`, r) // Cf: bidirectional overrides and the invisible; joined emoji stay
		default:
			b.WriteString(text[i : i+n])
		}
		i += n
	}
	return b.String()
}

// Name is a name or a path as part of a line: what could move the cursor, change
// colours, reorder what is read or end the line is written as an escape.
func Name(name string) string { return clean(name, false) }

// Plain is text made harmless like a Name, but for its line ends: they stay, indent
// begins every further line, and none of them is a command to a CI system that
// reads the log.
func Plain(text, indent string) string {
	lines := strings.Split(clean(text, true), "\n")
	for i, line := range lines {
		if i > 0 {
			line = indent + line
		}
		lines[i] = inert(line)
	}
	return strings.Join(lines, "\n")
}

// inert makes a line nothing that a CI system obeys which reads the log: GitHub
// takes "::" after any spaces at a line's start, and "##[" anywhere in it; Azure
// takes "##vso[".
func inert(line string) string {
	if strings.HasPrefix(strings.TrimSpace(line), "::") {
		line = strings.Replace(line, "::", ": :", 1)
	}
	if strings.Contains(line, "##") {
		line = strings.NewReplacer("##[", "## [", "##vso[", "## vso[").Replace(line)
	}
	return line
}

// liveLine makes a line of build output harmless. Colours stay when colour is
// true; of a line that was written over with carriage returns the last text counts.
func liveLine(line string, colour bool) string {
	line = strings.TrimRight(line, "\r\n")
	if i := strings.LastIndexByte(line, '\r'); i >= 0 {
		line = line[i+1:]
	}
	var b strings.Builder
	coloured := false
	for line != "" {
		i := strings.IndexByte(line, '\x1b')
		if i < 0 {
			b.WriteString(clean(line, false))
			break
		}
		b.WriteString(clean(line[:i], false))
		n, sgr := escape(line[i:])
		if sgr && colour {
			b.WriteString(line[i : i+n])
			coloured = true
		}
		line = line[i+n:]
	}
	if coloured {
		b.WriteString(reset)
	}
	return b.String()
}

// escape returns the length of the escape sequence that s begins with, and
// whether it does no more than choose colours.
func escape(s string) (n int, sgr bool) {
	if len(s) < 2 {
		return len(s), false
	}
	switch s[1] {
	case '[': // CSI: parameters, intermediates, one final byte
		for i := 2; i < len(s); i++ {
			if s[i] >= 0x40 && s[i] <= 0x7e {
				return i + 1, s[i] == 'm' && strings.Trim(s[2:i], "0123456789;:") == ""
			}
			if s[i] < 0x20 || s[i] > 0x7e {
				return i, false
			}
		}
		return len(s), false
	case ']', 'P', 'X', '^', '_': // strings, up to BEL or ESC \
		for i := 2; i < len(s); i++ {
			if s[i] == '\a' {
				return i + 1, false
			}
			if s[i] == '\x1b' && i+1 < len(s) && s[i+1] == '\\' {
				return i + 2, false
			}
		}
		return len(s), false
	}
	if s[1] < 0x20 || s[1] > 0x7e {
		return 1, false
	}
	return 2, false
}

// short is path relative to dir where that is shorter.
func short(path, dir string) string {
	if dir == "" || !filepath.IsAbs(path) {
		return path
	}
	rel, err := filepath.Rel(dir, path)
	if err != nil || len(rel) >= len(path) {
		return path
	}
	return rel
}

func size(bytes int64) string {
	switch {
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
	case bytes >= 1<<10:
		return fmt.Sprintf("%.0f KB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%d B", bytes)
}

func seconds(ms int64) string { return fmt.Sprintf("%.2f s", float64(ms)/1000) }

func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// cells cuts text to width columns, counting a character as one; wide ones
// count two.
func cells(text string, width int) string {
	used := 0
	for i, r := range text {
		w := 1
		if wide(r) {
			w = 2
		}
		if used+w > width {
			return text[:i]
		}
		used += w
	}
	return text
}

// wrapped cuts line at spaces into lines of at most width columns, each further
// one indented like the first. Words longer than that stay whole, and so does
// everything when there is no width to speak of.
func wrapped(line string, width int) []string {
	const least = 20
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	var lines []string
	for width >= least && len(indent) < width {
		fits := cells(line, width)
		if fits == line {
			break
		}
		at := strings.LastIndexByte(line[:min(len(fits)+1, len(line))], ' ')
		if at <= len(indent) {
			more := strings.IndexByte(line[len(fits):], ' ')
			if more < 0 {
				break
			}
			at = len(fits) + more
		}
		lines = append(lines, line[:at])
		line = indent + strings.TrimLeft(line[at:], " ")
	}
	return append(lines, line)
}

func wide(r rune) bool {
	return r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 || r >= 0x1f300 && r <= 0x1faff)
}
