package toolchain

import "github.com/astrid-runtime/astrid-dev/builder/finding"

func manifestProblem(f finding.Finding) error {
	return &finding.Failure{Step: finding.StepManifest, Findings: []finding.Finding{f}}
}

func toolchainProblem(f finding.Finding) error {
	return &finding.Failure{Step: finding.StepToolchain, Findings: []finding.Finding{f}}
}

func collectProblem(list ...finding.Finding) error {
	return &finding.Failure{Step: finding.StepCollect, Findings: list}
}
