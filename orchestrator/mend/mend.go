// Package mend checks capsules, mends what leaves no choice, and checks again.
package mend

import (
	"context"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/check"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Capsule is one capsule's outcome, as --format json writes it.
type Capsule struct {
	Dir      string            `json:"dir"` // absolute; the findings' files are relative to it
	Name     string            `json:"name,omitempty"`
	Fixed    []string          `json:"fixed,omitempty"`  // files that Fix changed, relative to dir
	Mended   []finding.Code    `json:"mended,omitempty"` // what Fix found and is gone
	Findings []finding.Finding `json:"findings"`

	closed bool // no capsule, but a folder that could not be read
}

// Check checks the capsules in dirs.
func Check(ctx context.Context, dirs []string, o check.Options) ([]Capsule, error) {
	results, err := check.CheckAll(ctx, dirs, o)
	if err != nil {
		return nil, err
	}
	return outcomes(results), nil
}

// Fix checks, mends what can be mended and checks again. A file that cannot be written is
// a finding of its capsule.
func Fix(ctx context.Context, dirs []string, o check.Options) ([]Capsule, error) {
	before, err := Check(ctx, dirs, o)
	if err != nil {
		return nil, err
	}
	fixed := make([][]string, len(dirs))
	failed := make([]error, len(dirs))
	for i, c := range before {
		if fixed[i], failed[i] = check.Fix(ctx, c.Dir, c.Findings); ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	results, err := check.CheckAll(ctx, dirs, o)
	if err != nil {
		return nil, err
	}
	after := outcomes(results)
	for i := range after {
		after[i].Fixed = fixed[i]
		if len(fixed[i]) > 0 {
			after[i].Mended = gone(before[i].Findings, after[i].Findings)
		}
		if failed[i] != nil && results[i].Err == nil {
			after[i].Findings = append(after[i].Findings, finding.Finding{Code: finding.FixFailed, File: tree.ManifestName,
				Message: failed[i].Error(), Hint: "make the file writable, or mend it by hand"})
			finding.Sort(after[i].Findings)
		}
	}
	return after, nil
}

// gone are the codes of before that after has not.
func gone(before, after []finding.Finding) (codes []finding.Code) {
	for _, f := range before {
		if !finding.Has(after, f.Code) && !slices.Contains(codes, f.Code) {
			codes = append(codes, f.Code)
		}
	}
	return codes
}

func outcomes(results []check.Result) []Capsule {
	list := make([]Capsule, len(results))
	for i, r := range results {
		list[i] = Capsule{Dir: r.Dir, Name: r.Name, Findings: append([]finding.Finding{}, verify.CheckFindings(r)...)}
	}
	return list
}
