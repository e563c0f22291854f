package proof

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// Text writes what came of the tests for a person: a line a test, what each of them missed below
// it, and how many there were.
func (p *Proof) Text(w io.Writer) error {
	var b strings.Builder
	console.Findings(&b, p.Manifest.Dir, p.Warnings)
	console.Findings(&b, p.Manifest.Dir, p.Summary.Faults)
	for _, r := range p.Summary.Ran {
		p.one(&b, r)
	}
	for _, u := range p.Updated {
		fmt.Fprintf(&b, "wrote   %s  %s\n", p.place(u.Name, 0), text.Count(u.Changed, "expectation"))
	}
	fmt.Fprintf(&b, "%s\n", p.count())
	_, err := io.WriteString(w, b.String())
	return err
}

// one writes a test.
func (p *Proof) one(b *strings.Builder, r tests.Ran) {
	switch {
	case r.Updated:
		fmt.Fprintf(b, "updated %s\n", text.Line(r.Name))
		return
	case len(r.Missed) == 0:
		fmt.Fprintf(b, "passed  %s  %.1f ms\n", text.Line(r.Name), r.Millis)
		return
	}
	fmt.Fprintf(b, "FAILED  %s\n", text.Line(r.Name))
	for _, m := range r.Missed {
		fmt.Fprintf(b, "        %s: %s\n", p.place(r.File, m.Line), text.Line(m.Message))
		if m.Hint != "" {
			fmt.Fprintln(b, "          help: "+text.Line(m.Hint))
		}
		if p.update {
			fmt.Fprintln(b, "          "+m.Left())
		}
		for line := range strings.Lines(m.Diff) {
			fmt.Fprintln(b, "          "+text.Line(strings.TrimRight(line, "\n")))
		}
	}
}

// place is a line of a file as seen from the current folder, as editors read it.
func (p *Proof) place(file string, line int) string {
	where := paths.Short(p.Manifest.Dir + "/" + file)
	if line > 0 {
		where += fmt.Sprintf(":%d", line)
	}
	return where
}

func (p *Proof) count() string {
	var parts []string
	if n := p.failed(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", n))
	}
	parts = append(parts, fmt.Sprintf("%d passed", len(p.Summary.Ran)-p.failed()))
	if n := len(p.Summary.Faults); n > 0 {
		parts = append(parts, text.Count(n, "fault")+" in files of tests")
	}
	return strings.Join(parts, ", ") + fmt.Sprintf(", %s", text.Seconds(p.Summary.Millis))
}

// failed reports whether a test did not do what was expected, and that was not written into its file.
func failed(r tests.Ran) bool { return len(r.Missed) > 0 && !r.Updated }

func (p *Proof) failed() (n int) {
	for _, r := range p.Summary.Ran {
		if failed(r) {
			n++
		}
	}
	return n
}

// JSON writes the same for programs, in one line.
func (p *Proof) JSON(w io.Writer) error {
	type answer struct {
		Capsule  string            `json:"capsule"`
		Dir      string            `json:"dir"`
		Passed   int               `json:"passed"`
		Failed   int               `json:"failed"`
		Tests    []tests.Ran       `json:"tests"`
		Faults   []finding.Finding `json:"faults"`
		Warnings []finding.Finding `json:"warnings"`
		Updated  []tests.Updated   `json:"updated"`
		MS       int64             `json:"ms"`
	}
	s := p.Summary
	return json.NewEncoder(w).Encode(answer{p.Manifest.Package.Name, p.Manifest.Dir, len(s.Ran) - p.failed(), p.failed(),
		list(s.Ran), list(s.Faults), list(p.Warnings), list(p.Updated), s.Millis})
}

// list is never null in JSON.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
