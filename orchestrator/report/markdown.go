package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
)

const (
	maxMarkdown  = 1000 << 10 // bytes: GitHub drops a step summary above 1 MiB whole
	markdownTail = 8 << 10    // bytes of a failed step's output
	// markdownFindings is how many findings of one capsule are listed; more are a
	// compiler repeating itself, and the other reports have them.
	markdownFindings = 50
	// markdownMessage and markdownCell bound one message, and one cell of the table,
	// in bytes before escaping: a page wider than that is not read.
	markdownMessage = 1 << 10
	markdownCell    = 200
	// markdownRows bounds the table, the one part that cannot be cut afterwards.
	markdownRows = 1000
)

// Markdown writes r as a page for a step summary or a merge request: a table with a
// row a capsule, then the details of those that did not pass clean. All text of the
// report is escaped; a page that would grow above what GitHub shows ends with a
// sentence that says what is left out.
func Markdown(w io.Writer, r Report) error {
	p := prepare(r)
	var b strings.Builder
	fmt.Fprintf(&b, "## %s verify: %s%s\n\n", escapeMarkdown(text.ShownName(p.Tool.Name)), escapeMarkdown(headline(p)), in(p.DurationMS))
	markdownTable(&b, p)
	for _, line := range p.Cache.said() {
		fmt.Fprintf(&b, "\nCache %s\n", escapeMarkdown(line))
	}
	left := 0
	for _, c := range worstFirst(p.Capsules) {
		details := markdownDetails(c)
		if b.Len()+len(details) > maxMarkdown {
			left++
			continue
		}
		b.WriteString(details)
	}
	if left > 0 {
		fmt.Fprintf(&b, "\nThe details of %s are left out: this page would be too long.\n", text.Count(left, "capsule"))
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing the markdown report: %w", err)
	}
	return nil
}

func markdownTable(b *strings.Builder, p Report) {
	if len(p.Capsules) == 0 {
		return
	}
	b.WriteString("| Verdict | Capsule | Folder | Why | Errors | Warnings | Time |\n")
	b.WriteString("| --- | --- | --- | --- | ---: | ---: | ---: |\n")
	list := worstFirst(p.Capsules)
	for _, c := range list[:min(len(list), markdownRows)] {
		why := strings.Trim(failedSteps(c), " ()")
		if why == "" {
			why = escapeMarkdown(keepStart(text.ShownLine(c.Reason), markdownCell))
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %d | %d | %s |\n", markdownVerdict(c.Verdict), cell(c.Name), cell(c.Dir),
			why, c.findings(finding.Error), c.findings(finding.Warning), text.Took(c.DurationMS))
	}
	if more := len(list) - markdownRows; more > 0 {
		fmt.Fprintf(b, "\n%s more.\n", text.Count(more, "capsule"))
	}
}

// worstFirst is list with what failed before the rest.
func worstFirst(list []Capsule) []Capsule {
	rank := map[Verdict]int{Failed: 0, NotRun: 1, Passed: 2, Skipped: 3}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Capsule) int { return cmp.Compare(rank[a.Verdict], rank[b.Verdict]) })
	return list
}

// markdownVerdict makes the eye stop where a person has something to do.
func markdownVerdict(v Verdict) string {
	if v == Failed {
		return "**failed**"
	}
	return name(words[:], int(v), "verdict")
}

func cell(s string) string { return escapeMarkdown(keepStart(text.ShownName(s), markdownCell)) }

// markdownDetails is a capsule's section, "" when there is nothing to tell.
func markdownDetails(c Capsule) string {
	if c.Verdict != Failed && !c.worthTelling() {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s: %s\n\n", cell(c.title()), escapeMarkdown(keepStart(because(c.Verdict, c.Reason), markdownMessage)))
	listed, total := 0, 0
	for _, s := range c.Steps {
		for _, f := range c.complaints(s) {
			if total++; listed < markdownFindings {
				listed++
				markdownFinding(&b, f)
			}
		}
	}
	if total > listed {
		fmt.Fprintf(&b, "- %s more\n", text.Count(total-listed, "finding"))
	}
	for _, s := range c.Steps {
		if s.Tail != "" {
			fmt.Fprintf(&b, "\nThe end of what %s printed:\n\n%s", s.Name, fenced(keepEnd(s.Tail, markdownTail)))
		}
	}
	return b.String()
}

func markdownFinding(b *strings.Builder, f finding.Finding) {
	fmt.Fprintf(b, "- **%s** ", clamp(f.Severity))
	if f.File != "" {
		fmt.Fprintf(b, "%s: ", cell(f.Where()))
	}
	b.WriteString(escapeMarkdown(keepStart(text.ShownLine(f.Message), markdownMessage)))
	if f.Code != "" {
		fmt.Fprintf(b, " \\[%s\\]", cell(string(f.Code)))
	}
	b.WriteString("\n")
	if hint := strings.TrimSpace(text.Shown(f.Hint)); hint != "" {
		block := strings.TrimSuffix(fenced(keepStart(hint, markdownMessage)), "\n")
		fmt.Fprintf(b, "\n  %s\n", strings.ReplaceAll(block, "\n", "\n  "))
	}
}

// fenced is a code block around s, with a fence longer than any in s.
func fenced(s string) string {
	s = strings.TrimRight(text.Shown(s), "\n")
	longest, run := 0, 0
	for _, r := range s {
		if run++; r != '`' {
			run = 0
		}
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", max(3, longest+1))
	return fence + "text\n" + s + "\n" + fence + "\n"
}
