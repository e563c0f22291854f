package daemon

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Line is one that a capsule logged.
type Line struct {
	Level string // as the runtime writes it: TRACE, DEBUG, INFO, WARN, ERROR
	Text  string // may have several lines
}

// lineHead is what the runtime writes before a capsule's words.
var lineHead = regexp.MustCompile(`^[0-9]+\.[0-9]+ ([A-Z]+) \[[^\]]*\] `)

// Head takes apart one line of a capsule's log. ok is false for what goes on with the line before.
func Head(line []byte) (level string, words []byte, ok bool) {
	m := lineHead.FindSubmatch(line)
	if m == nil {
		return "", line, false
	}
	return string(m[1]), line[len(m[0]):], true
}

// maxLog is how much of a log is read.
const maxLog = 1 << 20

// Logs are the lines that the capsule called name has logged in the process. The runtime writes
// them while the capsule runs.
func (l *Link) Logs(name string) (lines []Line, err error) {
	files, err := filepath.Glob(filepath.Join(fsys.EscapeGlob(l.LogDir()), "*", name, "*.log"))
	for _, file := range files {
		text, failed := os.ReadFile(file)
		if failed != nil {
			return lines, fmt.Errorf("reading what %s logged: %w", name, failed)
		}
		lines = append(lines, linesOf(text[:min(len(text), maxLog)])...)
	}
	return lines, err
}

func linesOf(text []byte) (lines []Line) {
	for line := range bytes.Lines(text) {
		level, words, ok := Head(line)
		if !ok && len(lines) > 0 {
			lines[len(lines)-1].Text += string(words)
			continue
		}
		lines = append(lines, Line{level, string(words)})
	}
	for i := range lines {
		lines[i].Text = strings.TrimSuffix(lines[i].Text, "\n")
	}
	return lines
}
