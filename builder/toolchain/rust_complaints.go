package toolchain

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

var (
	cargoHead       = regexp.MustCompile(`^(?:error|warning)(?:\[[A-Z]\d+\])?: (.+)$`)
	cargoPlace      = regexp.MustCompile(`--> (.+?):(\d+):(\d+)$`)
	cargoManifestAt = regexp.MustCompile("`([^`]*Cargo\\.toml)`")
	cargoLine       = regexp.MustCompile(`at line (\d+)(?:,? column (\d+))?`)
)

// complaints makes findings of what cargo itself says on stderr: a broken
// manifest, a dependency that is not there. The compiler's messages are not
// there, they come as JSON.
func (c *crate) complaints(stderr []byte) []finding.Finding {
	if f, ok := c.uninstalledToolchain(plain(stderr)); ok {
		return []finding.Finding{f}
	}
	var list []finding.Finding
	lines := strings.Split(plain(stderr), "\n")
	for i := 0; i < len(lines); i++ {
		head := cargoHead.FindStringSubmatch(lines[i])
		if head == nil || summary.MatchString(head[1]) || strings.HasSuffix(head[1], "emitted") || strings.Contains(head[1], " generated ") {
			continue
		}
		f := finding.Finding{Message: head[1]}
		if strings.HasPrefix(lines[i], "warning") {
			f.Severity = finding.Warning
		}
		i += c.complete(&f, lines[i+1:])
		list = append(list, f)
	}
	return unique(list)
}

// complete reads the lines that belong to a complaint of cargo's: its causes,
// and the place. It returns how many they are.
func (c *crate) complete(f *finding.Finding, lines []string) int {
	used := 0
	for used < len(lines) && !cargoHead.MatchString(lines[used]) {
		line := strings.TrimSpace(lines[used])
		used++
		if m := cargoPlace.FindStringSubmatch(line); m != nil {
			f.File = relative(c.dir, c.dir, m[1])
			f.Line, _ = strconv.Atoi(m[2])
			f.Column, _ = strconv.Atoi(m[3])
			continue
		}
		if line == "" || line == "Caused by:" || strings.HasPrefix(line, "|") || strings.Contains(line, " | ") || strings.HasPrefix(line, "For more information") {
			continue
		}
		if strings.HasSuffix(line, " |") || len(f.Message) > messageKept {
			continue
		}
		f.Message += ": " + line
	}
	if m := cargoManifestAt.FindStringSubmatch(f.Message); m != nil && f.File == "" {
		f.File = relative(c.dir, c.dir, m[1])
	}
	if m := cargoLine.FindStringSubmatch(f.Message); m != nil && f.Line == 0 {
		f.Line, _ = strconv.Atoi(m[1])
		f.Column, _ = strconv.Atoi(m[2])
	}
	return used
}

// messageKept bounds a message made of several lines: about a screen's half.
const messageKept = 1000
