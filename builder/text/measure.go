package text

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// Count is "1 error" or "2 errors".
func Count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// Size is how large a file is, roughly: "2.9 MB".
func Size(bytes int64) string {
	switch {
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MB", float64(bytes)/(1<<20))
	case bytes >= 1<<10:
		return fmt.Sprintf("%.0f KB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%d B", bytes)
}

// Memory is a size that is held against a limit: "64 MiB".
func Memory(bytes uint64) string {
	switch {
	case bytes >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
	case bytes >= 1<<20 && bytes%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", bytes>>20)
	case bytes >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
	case bytes >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(bytes)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", bytes)
}

// Seconds is a time of milliseconds to the hundredth: "0.51 s".
func Seconds(ms int64) string { return fmt.Sprintf("%.2f s", float64(ms)/1000) }

// Took is a time of milliseconds as a summary tells it: "610 ms" or "1.2 s", "" for none.
func Took(ms int64) string {
	if ms <= 0 {
		return ""
	}
	if ms < 1000 {
		return fmt.Sprintf("%d ms", ms)
	}
	return fmt.Sprintf("%.1f s", float64(ms)/1000)
}

// Cut is the beginning of s that fits into width columns of a terminal.
func Cut(s string, width int) string { return ansi.Truncate(s, max(width, 0), "") }

// leastWidth is the narrowest terminal that text is cut for.
const leastWidth = 20

// Wrap cuts line at spaces into lines of at most width columns, each further one
// indented like the first. Words longer than that stay whole, and so does everything
// when there is no width to speak of. (The library's own wrapping cuts at hyphens too,
// which a flag or a path has, and knows no indent.)
func Wrap(line string, width int) []string {
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	var lines []string
	for width >= leastWidth && len(indent) < width && ansi.StringWidth(line) > width {
		fits := Cut(line, width)
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

// Width is how many columns of a terminal s takes; escape sequences take none.
func Width(s string) int { return ansi.StringWidth(s) }
