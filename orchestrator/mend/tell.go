package mend

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// Outcome is what became of all capsules of one call, as --format json writes it.
type Outcome struct {
	Capsules []Capsule `json:"capsules"`
	Errors   int       `json:"errors"`
	Warnings int       `json:"warnings"`
	Notes    int       `json:"notes"`

	Failed int `json:"-"` // capsules that are not sound
	Closed int `json:"-"` // folders that could not be read
}

// OutcomeOf sums capsules and the folders that could not be read up. strict: a warning is
// enough for a capsule to fail.
func OutcomeOf(capsules []Capsule, closed []*fs.PathError, strict bool) Outcome {
	o := Outcome{Capsules: append([]Capsule{}, capsules...), Closed: len(closed)}
	for _, err := range closed {
		o.Capsules = append(o.Capsules, Capsule{Dir: err.Path, Findings: []finding.Finding{paths.ClosedFinding(err)}, closed: true})
	}
	for _, c := range o.Capsules {
		errs, warnings := finding.Count(c.Findings, finding.Error), finding.Count(c.Findings, finding.Warning)
		o.Errors, o.Warnings, o.Notes = o.Errors+errs, o.Warnings+warnings, o.Notes+finding.Count(c.Findings, finding.Note)
		if !c.closed && (errs > 0 || strict && warnings > 0) {
			o.Failed++
		}
	}
	return o
}

// JSON writes o for programs, in one line.
func (o Outcome) JSON(w io.Writer) error { return json.NewEncoder(w).Encode(o) }

// Short writes o for problem matchers, a line a finding.
func (o Outcome) Short(w io.Writer) error {
	var b strings.Builder
	dir, _ := os.Getwd() // without it paths are whole
	for _, c := range o.Capsules {
		for _, f := range c.Findings {
			fmt.Fprintln(&b, console.ShortLine(f, c.Dir, dir))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Text writes o for people and editors: file:line:column from the current folder.
func (o Outcome) Text(w io.Writer) error {
	var b strings.Builder
	for _, c := range o.Capsules {
		for _, file := range c.Fixed {
			fmt.Fprintln(&b, "fixed "+paths.Short(filepath.Join(c.Dir, filepath.FromSlash(file))))
		}
		for _, code := range c.Mended {
			rule, _ := code.Rule()
			fmt.Fprintf(&b, "  mended: %s [%s]\n", rule.Summary, code)
		}
		list := c.Findings
		if c.closed {
			list = append([]finding.Finding{}, list...)
			list[0].File = "." // a person is shown which folder; for programs it is Dir
		}
		console.Findings(&b, c.Dir, list)
	}
	capsules := text.Count(len(o.Capsules)-o.Closed, "capsule")
	fmt.Fprintf(&b, "%s: %s, %s, %s\n", capsules, text.Count(o.Errors, "error"), text.Count(o.Warnings, "warning"), text.Count(o.Notes, "note"))
	_, err := io.WriteString(w, b.String())
	return err
}
