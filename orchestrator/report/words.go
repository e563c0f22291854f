package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
)

// This file has what several formats say alike.

// because is a verdict as people read it, with the first reason that is known.
func because(v Verdict, reasons ...string) string {
	word := name(words[:], int(v), "verdict")
	for _, reason := range reasons {
		if reason = text.ShownLine(reason); reason != "" {
			return word + ": " + reason
		}
	}
	return word
}

// oneLine is a finding without its hint.
func oneLine(f finding.Finding) string {
	f.File, f.Code, f.Message = text.ShownName(f.File), finding.Code(text.ShownName(string(f.Code))), text.ShownLine(f.Message)
	return f.String()
}

func (c Capsule) worthTelling() bool {
	for _, s := range c.Steps {
		if len(s.Findings) > 0 {
			return true
		}
	}
	return false
}

func failedSteps(c Capsule) string {
	var list []string
	for _, s := range c.Steps {
		if s.Verdict == Failed {
			list = append(list, s.Name.String())
		}
	}
	if len(list) == 0 {
		return ""
	}
	return " (" + strings.Join(list, ", ") + ")"
}

// headline sums the run up in one sentence without its end.
func headline(p Report) string {
	s := p.Summary
	if s.Capsules == 0 {
		return "no capsule was verified"
	}
	var parts []string
	for _, part := range []struct {
		n    int
		word string
	}{{s.Failed, "failed"}, {s.Passed, "passed"}, {s.NotRun, "not run"}, {s.Skipped, "skipped"}} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.word))
		}
	}
	said := text.Count(s.Capsules, "capsule") + ": " + strings.Join(parts, ", ")
	if s.Errors+s.Warnings > 0 {
		said += fmt.Sprintf("; %s, %s", text.Count(s.Errors, "error"), text.Count(s.Warnings, "warning"))
	}
	if p.Interrupted {
		said += "; interrupted"
	}
	return said
}

// said is what a person hears of shared results, a line each; the first is how many there were.
func (c *Cache) said() (lines []string) {
	if c == nil {
		return nil
	}
	line := fmt.Sprintf("%s: %d taken, %d built, %d shared", text.Name(c.Address), c.Hits, c.Built, c.Offered)
	if c.Elsewhere > 0 {
		line += fmt.Sprintf("; other machines built %d", c.Elsewhere)
	}
	if c.Again > 0 {
		line += fmt.Sprintf("; %d built again to compare, %d came out otherwise", c.Again, c.Differed)
	}
	if c.Refused+c.Failures > 0 {
		line += fmt.Sprintf("; %d not believed, %d not answered", c.Refused, c.Failures)
	}
	lines = append(lines, line)
	for _, f := range c.Findings {
		lines = append(lines, oneLine(f))
	}
	return lines
}

func in(ms int64) string {
	if ms <= 0 {
		return ""
	}
	return " in " + text.Took(ms)
}

// clamp takes a severity nobody defined as an error.
func clamp(s finding.Severity) finding.Severity {
	if s < finding.Error || s > finding.Note {
		return finding.Error
	}
	return s
}

func indented(w io.Writer, document any, format string) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(document); err != nil {
		return fmt.Errorf("writing the %s report: %w", format, err)
	}
	return nil
}

// escapeMarkdown is s on one line with every character that Markdown or HTML could
// take for markup escaped: nothing in it starts a link, an image, a tag, a table cell,
// emphasis, a formula, a mention or an emoji.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range text.ShownLine(s) {
		switch {
		case r == '<':
			b.WriteString("&lt;")
		case r == '>':
			b.WriteString("&gt;")
		case r == '&':
			b.WriteString("&amp;")
		case r == '@':
			b.WriteString("&#64;") // a backslash does not stop a mention
		case strings.ContainsRune("\\`*_{}[]()#+!|~$", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
