package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/text"
)

// consoleTail is how many bytes of a failed step's output a person is shown: some 30 lines.
const consoleTail = 4 << 10

// Console writes the summary that ends a run, for people: every capsule that did
// not pass, or passed with findings, with its findings, then one sentence. A remedy
// is told where it comes up first. It has no colours and nothing in it can be taken for a workflow command of a CI system.
func Console(w io.Writer, r Report) error {
	p := prepare(r)
	var b strings.Builder
	told := map[string]bool{}
	for _, c := range p.Capsules {
		consoleCapsule(&b, p, c, told)
	}
	consoleChanged(&b, p)
	for i, line := range p.Cache.said() {
		fmt.Fprintf(&b, "%s%s\n", []string{"cache ", "  "}[min(i, 1)], line)
		if i > 0 {
			fmt.Fprintf(&b, "    %s\n", text.Shown(p.Cache.Findings[i-1].Hint))
		}
	}
	fmt.Fprintf(&b, "%s%s\n", headline(p), in(p.DurationMS))
	if _, err := io.WriteString(w, inert(b.String())); err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	return nil
}

// changesShown is how many capsules are told of with why they were selected; the reports have all.
const changesShown = 20

func consoleChanged(b *strings.Builder, p Report) {
	if p.Options.ChangedSince == "" {
		return
	}
	for i, c := range p.Capsules {
		if i == changesShown {
			fmt.Fprintf(b, "changed and %d more\n", len(p.Capsules)-i)
			break
		}
		if c.Changed != "" {
			fmt.Fprintf(b, "changed %s: %s\n", text.ShownName(c.Dir), text.Shown(c.Changed))
		}
	}
}

// consoleCapsule leaves out the hints that were told.
func consoleCapsule(b *strings.Builder, r Report, c Capsule, told map[string]bool) {
	if c.Verdict == Passed && !c.worthTelling() {
		return
	}
	took := in(c.DurationMS)
	if c.Reason != "" {
		took = "" // a time after a sentence reads as part of it
	}
	fmt.Fprintf(b, "%s: %s%s%s\n", text.ShownName(c.called(r.seen(c.Dir))), because(c.Verdict, c.Reason), took, failedSteps(c))
	for _, s := range c.Steps {
		for _, f := range c.complaints(s) {
			if f.File != "" {
				f.File = r.seen(f.File)
			}
			fmt.Fprintf(b, "  %s\n", oneLine(f))
			if f.Hint != "" && !told[f.Hint] {
				told[f.Hint] = true
				fmt.Fprintf(b, "    %s\n", strings.ReplaceAll(strings.TrimSpace(text.Shown(f.Hint)), "\n", "\n    "))
			}
		}
		if tail := strings.TrimRight(text.Shown(keepEnd(s.Tail, consoleTail)), "\n"); tail != "" {
			fmt.Fprintf(b, "  | %s\n", strings.ReplaceAll(tail, "\n", "\n  | "))
		}
	}
}

// called is dir, or the capsule's name where that says nothing.
func (c Capsule) called(dir string) string {
	if dir == "." && c.Name != "" {
		return c.Name
	}
	return dir
}

// seen is path, which is relative to Root or absolute, from where the reader is.
func (r Report) seen(path string) string {
	if r.From == "" || !filepath.IsAbs(filepath.FromSlash(r.Root)) {
		return path
	}
	whole := filepath.FromSlash(path)
	if !filepath.IsAbs(whole) {
		whole = filepath.Join(filepath.FromSlash(r.Root), whole)
	}
	rel, err := filepath.Rel(r.From, whole)
	if err != nil || len(rel) > len(whole) {
		return path
	}
	return filepath.ToSlash(rel)
}

// inert is text.Inert for all lines of s.
func inert(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = text.Inert(line)
	}
	return strings.Join(lines, "\n")
}
