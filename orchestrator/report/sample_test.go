package report

import (
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// hostile is text that breaks every format that forgets to escape it.
const hostile = "a|b `c` ]]> <script>&amp; [x](y) @me ::error::no %0A $m$\r\n\x1b[31mred\x1b[0m \x00\x07 \xff\xfe \u202e\u2028 ![i](j) ##[command]z"

// sample has every verdict, every step, and every kind of text.
func sample() Report {
	failed := Planned("broken", "capsules/broken", StepCheck, StepBuild, StepSmoke, StepNoMutation)
	failed.DurationMS, failed.SourceHash = 2345, strings.Repeat("ab", 32)
	*failed.Step(StepCheck) = Step{Name: StepCheck, Verdict: Passed, DurationMS: 3, Findings: []finding.Finding{
		{Code: "inert-table", Severity: finding.Warning, File: "Capsule.toml", Line: 9, Column: 1, Message: "the table [capabilities.legacy] is inert", Hint: "write\n[capabilities]\nnet = [\"example.org\"]"},
		{Code: "manifest-unnamed-file", Severity: finding.Note, Message: "no file is named"},
	}}
	*failed.Step(StepBuild) = Step{Name: StepBuild, Verdict: Failed, DurationMS: 2340, Tail: "cc: working in /copies/1/capsules/broken\n" + hostile + "\n````\n::error::injected\n",
		Findings: []finding.Finding{
			{File: "/copies/1/shared/lib.rs", Line: 12, Column: 7, Message: "expected `;` in /copies/1/shared/lib.rs"},
			{File: "src/my file#1.rs", Line: 3, Message: hostile, Hint: hostile},
			{File: "/usr/include/x.h", Line: 1, Column: 1, Severity: finding.Warning, Message: "far away"},
		}}
	silent := Planned("", "capsules/silent", StepCheck, StepReproducible)
	silent.Steps[0].Verdict, silent.Steps[1].Verdict, silent.Steps[1].Tail = Passed, Failed, "bytes differ\n"
	good := Planned("good", "capsules/good", StepCheck, StepBuild, StepSmoke, StepKernelReady, StepNoMutation, StepReproducible, StepPublishedArtifact)
	for i := range good.Steps {
		good.Steps[i].Verdict, good.Steps[i].DurationMS, good.Steps[i].Tail = Passed, int64(i), "noise"
	}
	good.Steps[6].Verdict, good.Steps[6].Reason = Skipped, "no artifact is committed"
	good.DurationMS, good.SourceHash = 21, strings.Repeat("cd", 32)
	good.Artifacts = []Artifact{{ID: "main", Path: "dist/good.wasm", Hash: strings.Repeat("ef", 32), Size: 4096, Kind: "component"}}
	return Report{Tool: Tool{"astrid-dev", "1.2.3"}, Started: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600)), DurationMS: 61234,
		Root: "/src/a repo", Copies: []string{"/copies/1", "/copies/1/nested"}, Options: Options{Strict: true, ChangedSince: "origin/main", Shard: "1/2"}, Interrupted: true,
		Capsules: []Capsule{
			good, failed, silent,
			{Name: "same", Dir: ".", Verdict: Skipped, Reason: "nothing changed since origin/main"},
			Planned("late", "capsules/late", StepCheck, StepBuild),
		}}
}
