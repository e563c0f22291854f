package smoke

import (
	"fmt"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// This file holds a component against other releases than the one that judges it.

// releases fills LinksOn, and warns of an astrid-version that lets in a release which
// lacks one of the imports.
func (k *judgement) releases() {
	if k.plan() == nil {
		return
	}
	for _, r := range astrid.Releases() {
		if !slices.ContainsFunc(k.plan().Imports, func(i reader.Item) bool { return lacks(r, i) != "" }) {
			k.report.LinksOn = append(k.report.LinksOn, r.Version)
		}
	}
	if k.declared == nil || k.declared.Requires == "" {
		return
	}
	for _, i := range k.plan().Imports {
		k.promised(i)
	}
}

// promised holds astrid-version against one import. What no release has is told by imports.
func (k *judgement) promised(i reader.Item) {
	var have, refused []*astrid.Release // refused: the requirement lets it in, and it lacks the import
	missing := ""
	for _, r := range astrid.Releases() {
		what := lacks(r, i)
		switch {
		case what == "":
			have = append(have, r)
		case r.Satisfies(k.declared.Requires):
			if len(refused) == 0 {
				missing = what
			}
			refused = append(refused, r)
		}
	}
	if len(have) == 0 || len(refused) == 0 {
		return
	}
	first, last := have[0], refused[len(refused)-1]
	message := fmt.Sprintf("it imports %s, which no runtime before %s has, but says %s", missing, first.Version, k.declared.Requires)
	hint := fmt.Sprintf("write astrid-version = \">=%s\", or build with older WIT files", first.Version)
	if !last.Before(first) {
		message = fmt.Sprintf("it imports %s, which the runtime %s does not have, but says %s", missing, joinVersions(refused), k.declared.Requires)
		hint = "write an astrid-version that only lets in " + joinVersions(have) + ", or build with the WIT files of the others"
	}
	k.add(finding.Warning, finding.KernelReleaseRange, message, hint)
}

// hostItem is how a host's interface has what is imported from it.
type hostItem int

const (
	itemThere     hostItem = iota // or nobody has to provide it
	itemOtherType                 // a function, with another type
	itemMissing
)

func itemOf(host *astrid.Interface, item reader.Item) hostItem {
	has, known := host.Functions[item.Name]
	switch {
	case item.Kind == "type", item.Kind == "resource" && slices.Contains(host.Resources, item.Name):
		return itemThere
	case item.Kind != "func" || !known:
		return itemMissing
	case has != item.Type:
		return itemOtherType
	}
	return itemThere
}

// lacks says in words what of an import a release does not have; "" is nothing.
func lacks(r *astrid.Release, i reader.Item) string {
	if i.Kind == "type" || i.Kind == "instance" && !needsHost(i) {
		return ""
	}
	bound, host, ok := r.Bind(i.Name)
	if !ok || i.Kind != "instance" {
		return i.Name
	}
	for _, item := range i.Items {
		switch itemOf(host, item) {
		case itemThere:
		case itemOtherType:
			return fmt.Sprintf("the function %s of %s with a type", item.Name, bound)
		case itemMissing:
			return fmt.Sprintf("the %s %s of %s", item.Kind, item.Name, bound)
		}
	}
	return ""
}

func joinVersions(list []*astrid.Release) string { return strings.Join(astrid.Versions(list), ", ") }

// OnAll loads a module for several releases of the runtime, all of which must take it. The
// report is that of the first, or of the first in which it does not load, and has the
// kernel's findings of all. No release is the newest known.
func OnAll(o Options, releases []string, load func(Options) (*Report, error)) (*Report, error) {
	if len(releases) == 0 {
		return load(o)
	}
	var all *Report
	for _, version := range releases {
		o.Runtime = version
		report, err := load(o)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = report
		} else {
			all = all.and(report)
		}
	}
	return all, nil
}

// and is r with what another release made of the same module.
func (r *Report) and(other *Report) *Report {
	runtimes := append(slices.Clone(r.Runtimes), other.Runtimes...)
	findings := slices.Clone(r.KernelFindings)
	for _, f := range other.KernelFindings {
		if !slices.Contains(findings, f) {
			findings = append(findings, f)
		}
	}
	finding.Sort(findings)
	both := r
	if r.Loads && !other.Loads {
		both = other
	}
	both.KernelReady = r.KernelReady && other.KernelReady
	both.KernelFindings, both.Runtimes = findings, runtimes
	return both
}
