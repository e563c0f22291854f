package console

import (
	"fmt"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// news leaves out of a reload, or the same modules again, what was said before in this session,
// of another capsule too, and of why one is not live what its reload said: a remark that
// nobody mended is not worth three lines after every save, nor twelve times three.
func (c *Console) news(e event.Event, n entry) entry {
	var findings []finding.Finding
	switch b := e.Body.(type) {
	case event.LiveFailed:
		if c.repeats(e.Dir, b.Findings) {
			n.below = nil
		}
		return n
	case event.Reload:
		findings = b.Findings
	case event.Unchanged:
		if findings = b.Findings; !b.Rebuilt {
			return n
		}
	default:
		return n
	}
	var fresh, old []finding.Finding
	for _, f := range findings {
		key := keyOf(f)
		c.said[e.Dir+key] = true
		if c.said[key] {
			old = append(old, f)
		} else {
			c.said[key] = true
			fresh = append(fresh, f)
		}
	}
	if len(old) > 0 {
		before := len(n.below) - len(remarkLines(findings, e.Dir, c.o.Dir))
		n.below = append(n.below[:before], remarkLines(fresh, e.Dir, c.o.Dir)...)
	}
	if len(old) > 0 && !c.screen() { // a screen says in its last line how many are not kernel-ready
		n.text += "  (" + remarks(old) + ", as before)"
	}
	return n
}

// keyOf is the same for findings that say the same.
func keyOf(f finding.Finding) string {
	return strings.Join([]string{f.Severity.String(), f.Where(), f.Message, string(f.Code)}, "\x00")
}

// repeats reports whether all reasons of a capsule in dir that is not live were said of its reloads.
func (c *Console) repeats(dir string, list []finding.Finding) bool {
	for _, f := range list {
		if !c.said[dir+keyOf(f)] {
			return false
		}
	}
	return len(list) > 0
}

// shortText is e for a problem matcher: a round begins with "building", each finding of what
// failed is one line, "file:line:column: severity: message [code]", and a round ends with
// "idle". What failed without a place is told of at its manifest, so that no failure has no line.
func shortText(e event.Event, dir string) string {
	var list []finding.Finding
	switch b := e.Body.(type) {
	case event.BuildStarted:
		return fmt.Sprintf("building %s: %s\n", nameLine(e.Capsule), nameLine(whyText(b)))
	case event.Idle:
		_, said := idleText(b)
		return "idle: " + nameLine(said) + "\n"
	case event.BuildFailed:
		if list = b.Diagnostics; finding.Count(list, finding.Error) == 0 {
			list = append([]finding.Finding{{Code: finding.BuildFailed, Message: failedText(b)}}, list...)
		}
	case event.SmokeFailed:
		list = b.Findings
	case event.Held:
		list = []finding.Finding{{Severity: finding.Warning, Message: b.Message}}
	case event.Reload:
		list = finding.Only(b.Findings, finding.Warning)
	case event.Unchanged:
		if b.Rebuilt {
			list = finding.Only(b.Findings, finding.Warning)
		}
	}
	var b strings.Builder
	for _, f := range list {
		b.WriteString(ShortLine(f, e.Dir, dir) + "\n")
	}
	return b.String()
}
