package report

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// How much of a text the machine formats keep. Compilers have been seen to print
// megabytes of template types in one message; forges refuse files above 10 MB.
const (
	maxMessage = 16 << 10 // bytes of a message or hint
	maxTail    = 64 << 10 // bytes of a step's tail: what a build keeps, and some
)

// prepare is a deep copy of r as it is written: settled, files relative to Root
// with slashes, valid UTF-8 of bounded length, no nil slices.
func prepare(r Report) Report {
	r.Copies = longestFirst(r.Copies)
	p := r
	p.Version = Version
	p.Started = r.Started.UTC()
	p.Root = slashed(r.Root)
	p.DurationMS = max(r.DurationMS, 0)
	p.Options.ChangedSince, p.Options.Against, p.Options.Shard = valid(r.Options.ChangedSince), valid(r.Options.Against), valid(r.Options.Shard)
	p.Tool = Tool{Name: cmp.Or(valid(r.Tool.Name), "astrid-dev"), Version: valid(r.Tool.Version)}
	p.Capsules = make([]Capsule, 0, len(r.Capsules))
	for _, c := range r.Capsules {
		p.Capsules = append(p.Capsules, r.capsule(c))
	}
	p.Cache = r.cache()
	p.Settle()
	return p
}

// cache is r's, with texts that every format can hold.
func (r Report) cache() *Cache {
	if r.Cache == nil {
		return nil
	}
	c := *r.Cache
	c.Address = cmp.Or(valid(c.Address), "?")
	c.Findings = make([]finding.Finding, 0, len(r.Cache.Findings))
	for _, f := range r.Cache.Findings {
		f.Message, f.Hint = r.text(f.Message), r.text(f.Hint)
		c.Findings = append(c.Findings, f)
	}
	return &c
}

func longestFirst(list []string) []string {
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return filepath.Dir(s) == s || !filepath.IsAbs(s) })
	for i := range list {
		list[i] = filepath.Clean(list[i])
	}
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	return slices.Compact(list)
}

func (r Report) capsule(c Capsule) Capsule {
	c.Dir = r.path(".", cmp.Or(c.Dir, "."))
	c.Name, c.Reason, c.Changed, c.SourceHash = valid(c.Name), r.text(c.Reason), r.text(c.Changed), valid(c.SourceHash)
	c.DurationMS = max(c.DurationMS, 0)
	steps := make([]Step, 0, len(c.Steps))
	for _, s := range c.Steps {
		steps = append(steps, r.step(c.Dir, s))
	}
	if len(steps) == 0 && c.Verdict == Failed {
		steps = append(steps, Step{Verdict: Failed, Reason: c.Reason, Findings: []finding.Finding{}}) // no format may lose a failure
	}
	c.Steps = steps
	artifacts := make([]Artifact, 0, len(c.Artifacts))
	for _, a := range c.Artifacts {
		a.ID, a.Hash, a.Kind, a.Path = valid(a.ID), valid(a.Hash), valid(a.Kind), r.path(c.Dir, a.Path)
		a.Size = max(a.Size, 0)
		artifacts = append(artifacts, a)
	}
	c.Artifacts = artifacts
	return c
}

func (r Report) step(dir string, s Step) Step {
	s.Reason, s.DurationMS = r.text(s.Reason), max(s.DurationMS, 0)
	if s.Verdict == Failed {
		s.Tail = keepEnd(r.withoutCopies(valid(s.Tail)), maxTail)
	} else {
		s.Tail = ""
	}
	s.Findings = r.found(dir, s.Findings)
	cases := slices.Clone(s.Cases)
	for i := range cases {
		c := &cases[i]
		c.Name, c.File, c.DurationMS, c.Line = r.text(c.Name), r.path(dir, c.File), max(c.DurationMS, 0), max(c.Line, 0)
		c.Findings = r.found(dir, c.Findings)
	}
	s.Cases = cases
	return s
}

// found are findings as they are written.
func (r Report) found(dir string, findings []finding.Finding) []finding.Finding {
	list := make([]finding.Finding, 0, len(findings))
	for _, f := range findings {
		f.Code, f.Message, f.Hint = finding.Code(valid(string(f.Code))), r.text(f.Message), r.text(f.Hint)
		f.File = r.path(dir, f.File)
		f.Line, f.Column = max(f.Line, 0), max(f.Column, 0)
		list = append(list, f)
	}
	return list
}

// text is a message as it is written.
func (r Report) text(s string) string { return keepStart(r.withoutCopies(valid(s)), maxMessage) }

// path is file as it is written: relative to Root where it lies in it, or in a copy of it.
func (r Report) path(dir, file string) string {
	if file == "" {
		return ""
	}
	if !filepath.IsAbs(file) {
		if filepath.IsAbs(filepath.FromSlash(dir)) {
			return slashed(filepath.Join(filepath.FromSlash(dir), file))
		}
		return slashed(filepath.Join(dir, file))
	}
	for _, top := range append(r.Copies, r.Root) {
		if rel, err := filepath.Rel(top, file); top != "" && err == nil && filepath.IsLocal(rel) {
			return slashed(rel)
		}
	}
	return slashed(file)
}

func slashed(path string) string {
	if path == "" {
		return ""
	}
	return valid(filepath.ToSlash(filepath.Clean(path)))
}

// withoutCopies takes the names of the copies of Root out of a text, so that
// what is left reads as if the build had run at Root.
func (r Report) withoutCopies(s string) string {
	for _, top := range r.Copies {
		s = replaceFolder(s, top)
	}
	return s
}

// replaceFolder drops top and its slash before a path below it, and writes "."
// for top itself. A longer name that only begins like top is left alone.
func replaceFolder(s, top string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(s, top)
		out.WriteString(before)
		if !found {
			return out.String()
		}
		s = after
		switch {
		case after != "" && (after[0] == '/' || after[0] == filepath.Separator) && len(after) > 1 && inName(after[1]):
			s = after[1:]
		case after != "" && inName(after[0]):
			out.WriteString(top)
		default:
			out.WriteString(".")
		}
	}
}

// inName reports whether b goes on with a file name rather than ending a path.
func inName(b byte) bool {
	return b == '.' || b == '-' || b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

// title is what people call the capsule.
func (c Capsule) title() string { return cmp.Or(c.Name, c.Dir) }

// findings counts the capsule's findings of severity s.
func (c Capsule) findings(s finding.Severity) int {
	n := 0
	for _, step := range c.Steps {
		n += finding.Count(step.Findings, s)
	}
	return n
}

// complaints are a step's findings, and where it failed without any, one that
// says so: formats made of findings must not lose a failure.
func (c Capsule) complaints(s Step) []finding.Finding {
	if s.Verdict != Failed || len(s.Findings) > 0 {
		return s.Findings
	}
	return []finding.Finding{{Code: s.Name.codes().failed, File: c.manifest(), Message: "the step " + s.Name.String() + " failed"}}
}

// manifest is the file that stands for the capsule where a finding names none.
func (c Capsule) manifest() string {
	if c.Dir == "." {
		return tree.ManifestName
	}
	return c.Dir + "/" + tree.ManifestName
}
