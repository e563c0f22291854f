package console

import (
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
)

// manifestName is the file that a finding without one is about.
const manifestName = "Capsule.toml"

// ShortLine is f as a problem matcher reads it, one line whatever its message holds, with a
// line and a column in any case. Its file is relative to capsule, and seen from dir.
func ShortLine(f finding.Finding, capsule, dir string) string {
	if f.File == "" {
		f.File = manifestName
	}
	f.File = nameLine(short(absolute(capsule, f.File), dir))
	f.Line, f.Column = max(1, f.Line), max(1, f.Column)
	f.Message, f.Code = oneLine(f.Message), finding.Code(nameLine(string(f.Code)))
	return text.Inert(f.String())
}

// oneLine is message with its lines one after the other.
func oneLine(message string) string {
	var parts []string
	for part := range strings.Lines(message) {
		if part = strings.TrimSpace(part); part != "" {
			parts = append(parts, part)
		}
	}
	return nameLine(strings.Join(parts, "; "))
}

func nameLine(s string) string { return text.Line(s) }
