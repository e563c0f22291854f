package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

func sarifRunOf(t *testing.T, r Report) sarifRun {
	t.Helper()
	var log sarifLog
	if err := json.Unmarshal([]byte(written(t, SARIF, r)), &log); err != nil {
		t.Fatal(err)
	}
	return log.Runs[0]
}

func withFindings(list ...finding.Finding) Report {
	c := Planned("c", "c", StepBuild)
	c.Steps[0].Verdict, c.Steps[0].Findings = Failed, list
	return Report{Root: "/r", Capsules: []Capsule{c}}
}

func fingerprints(run sarifRun) []string {
	var list []string
	for _, r := range run.Results {
		list = append(list, r.Fingerprints["astridDev/v1"])
	}
	slices.Sort(list)
	return list
}

func TestFingerprintsFollowTheFinding(t *testing.T) {
	f := finding.Finding{Code: "x", File: "a.rs", Line: 3, Message: "m"}
	moved, twin, other := f, f, f
	moved.Line, twin.Line, other.Message = 90, 4, "n"
	before := fingerprints(sarifRunOf(t, withFindings(f)))
	if !slices.Equal(before, fingerprints(sarifRunOf(t, withFindings(moved)))) {
		t.Error("a moved finding is taken for a new one")
	}
	if slices.Equal(before, fingerprints(sarifRunOf(t, withFindings(other)))) {
		t.Error("another message is taken for the same finding")
	}
	if list := fingerprints(sarifRunOf(t, withFindings(f, twin))); len(slices.Compact(list)) != 2 || !slices.Contains(list, before[0]) {
		t.Errorf("two of a kind: %v, first %v", list, before)
	}
}

func TestRulesAndResultsAgree(t *testing.T) {
	run := sarifRunOf(t, sample())
	for _, r := range run.Results {
		if rule := run.Tool.Driver.Rules[r.RuleIndex]; rule.ID != r.RuleID || rule.Help.Text == "" || rule.Help.Markdown == "" {
			t.Errorf("%s points at %+v", r.RuleID, rule)
		}
	}
}

func TestAddresses(t *testing.T) {
	for file, want := range map[string]sarifArtifact{
		"a b/ü#%?.rs": {"a%20b/%C3%BC%23%25%3F.rs", srcRoot},
		"a:b/c":       {"./a:b/c", srcRoot},
		"/usr/x y.h":  {"file:///usr/x%20y.h", ""},
		"C:/x":        {"file:///C:/x", ""},
	} {
		if got := sarifFile(file); got != want {
			t.Errorf("%q: got %v, want %v", file, got, want)
		}
	}
}

func TestSARIFStaysWithinWhatForgesTake(t *testing.T) {
	var list []finding.Finding
	for i := range maxResults + 10 {
		list = append(list, finding.Finding{Severity: finding.Warning, Message: fmt.Sprint(i)})
	}
	list = append(list, finding.Finding{Message: "the one error"})
	run := sarifRunOf(t, withFindings(list...))
	if len(run.Results) != maxResults || run.Results[0].Message.Text != "the one error" || len(run.Invocations[0].Notifications) != 1 {
		t.Errorf("%d results, first %q, notes %v", len(run.Results), run.Results[0].Message.Text, run.Invocations[0].Notifications)
	}
}
