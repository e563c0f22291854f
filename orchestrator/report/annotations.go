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

// GitHub shows ten errors, ten warnings and ten notices of a step and drops the
// rest without a word.
const maxAnnotations = 10

// maxAnnotation is how many bytes of a message are kept: GitHub cuts at 4 KiB in
// the log's own list, and nobody reads more in the margin of a diff.
const maxAnnotation = 4 << 10

// ranked is a finding and how many its capsule has before it.
type ranked struct {
	finding.Finding
	capsule string
	rank    int
}

// Annotations writes r as GitHub workflow commands, worst first: each capsule's
// first error comes before any capsule's second, so that one noisy capsule does
// not hide the others. What GitHub would drop is left out and counted in the last
// line, which is a notice that sums up the run.
func Annotations(w io.Writer, r Report) error {
	p := prepare(r)
	var b strings.Builder
	var shown [3]int
	limit := [3]int{maxAnnotations, maxAnnotations, maxAnnotations - 1} // the summary is a notice too
	list := rankedFindings(p)
	for _, f := range list {
		level := clamp(f.Severity)
		if shown[level] < limit[level] {
			shown[level]++
			b.WriteString(annotation(f))
		}
	}
	said := headline(p)
	if hidden := len(list) - shown[0] - shown[1] - shown[2]; hidden > 0 {
		said += fmt.Sprintf("; %s not shown here: GitHub shows %d of a kind", text.Count(hidden, "finding"), maxAnnotations)
	}
	fmt.Fprintf(&b, "::notice title=%s::%s\n", escapeProperty(p.Tool.Name+" verify"), escapeData(said))
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing annotations: %w", err)
	}
	return nil
}

func rankedFindings(p Report) []ranked {
	var list []ranked
	for _, c := range p.Capsules {
		var rank [3]int
		for _, s := range c.Steps {
			for _, f := range c.complaints(s) {
				level := clamp(f.Severity)
				list = append(list, ranked{f, c.title(), rank[level]})
				rank[level]++
			}
		}
	}
	slices.SortStableFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(clamp(a.Severity), clamp(b.Severity)), cmp.Compare(a.rank, b.rank))
	})
	return list
}

func annotation(f ranked) string {
	command := [...]string{"error", "warning", "notice"}[clamp(f.Severity)]
	var where []string
	if f.File != "" {
		where = append(where, "file="+escapeProperty(f.File))
		if f.Line > 0 {
			where = append(where, fmt.Sprintf("line=%d", f.Line))
		}
		if f.Line > 0 && f.Column > 0 {
			where = append(where, fmt.Sprintf("col=%d", f.Column))
		}
	}
	title := f.capsule
	if f.Code != "" {
		title += ": " + string(f.Code)
	}
	where = append(where, "title="+escapeProperty(text.ShownName(title)))
	text := f.Message
	if f.Hint != "" {
		text += "\n" + f.Hint
	}
	return fmt.Sprintf("::%s %s::%s\n", command, strings.Join(where, ","), escapeData(keepStart(text, maxAnnotation)))
}

// escapeData escapes a command's message, escapeProperty one of its properties,
// as the runner undoes it.
func escapeData(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text.Shown(s))
}

func escapeProperty(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(escapeData(s))
}
