package toolchain

import "github.com/astrid-runtime/astrid-dev/builder/finding"

// The steps that a Problem names.
const (
	StepManifest  = "manifest"  // Capsule.toml asks for something that cannot be
	StepToolchain = "toolchain" // the tools are missing or set up wrongly
	StepCollect   = "collect"   // the build ended well and left no module
)

// Problem is why a capsule cannot be built, or why a build that ended well
// made nothing. Findings is never empty.
type Problem struct {
	Step     string
	Findings []finding.Finding
}

// Error is the first finding.
func (p *Problem) Error() string { return p.Findings[0].String() }

func manifestProblem(f finding.Finding) error {
	return &Problem{Step: StepManifest, Findings: []finding.Finding{f}}
}

func toolchainProblem(f finding.Finding) error {
	return &Problem{Step: StepToolchain, Findings: []finding.Finding{f}}
}

func collectProblem(list ...finding.Finding) error {
	return &Problem{Step: StepCollect, Findings: list}
}
