package report

import (
	"fmt"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// Verdict is what became of a step or a capsule. The zero value is NotRun, so
// that what a run never came to is never reported as sound.
type Verdict int

const (
	NotRun  Verdict = iota // the run ended before, or an earlier step failed
	Passed                 // it ran and is sound
	Failed                 // it ran and is not
	Skipped                // it does not apply, or was not asked for
)

var verdicts = [...]string{NotRun: "not_run", Passed: "passed", Failed: "failed", Skipped: "skipped"}

// words are the verdicts as people read them.
var words = [...]string{NotRun: "not run", Passed: "passed", Failed: "failed", Skipped: "skipped"}

func (v Verdict) String() string { return name(verdicts[:], int(v), "verdict") }

// MarshalText writes "not_run", "passed", "failed" or "skipped", and fails for any other value.
func (v Verdict) MarshalText() ([]byte, error) { return marshal(verdicts[:], int(v), "verdict") }

// UnmarshalText reads what MarshalText wrote.
func (v *Verdict) UnmarshalText(text []byte) error {
	i, err := unmarshal(verdicts[:], text, "verdict")
	*v = Verdict(i)
	return err
}

// StepName is one kind of check. Its order is the order in which steps run.
type StepName int

const (
	StepCheck             StepName = iota // the manifest, without building
	StepBuild                             // the toolchain's build
	StepSmoke                             // the module loads in the sandbox
	StepKernelReady                       // it imports and exports what the kernel asks for
	StepTests                             // the capsule's own tests, in the sandbox
	StepNoMutation                        // the build left its inputs as they were
	StepReproducible                      // a second build gives the same bytes
	StepPublishedArtifact                 // the committed module or declared hash is what the sources build
	StepRuntime                           // the real runtime loads the capsule
	StepContract                          // the version allows what is promised to others now
	StepRuntimeChange                     // one release of the runtime takes what another does
)

var steps = [...]string{"check", "build", "smoke", "kernel-ready", "tests", "no-mutation", "reproducible", "published-artifact", "runtime", "contract", "runtime-change"}

// stepCodes are the codes of a step that failed and says no more, and of a message in it
// that has no code, as a compiler's.
var stepCodes = [...]struct{ failed, diagnostic finding.Code }{
	{finding.CheckFailed, finding.CheckDiagnostic},
	{finding.BuildFailed, finding.BuildDiagnostic},
	{finding.SmokeFailed, finding.SmokeDiagnostic},
	{finding.KernelReadyFailed, finding.KernelReadyDiagnostic},
	{finding.TestsFailed, finding.TestsDiagnostic},
	{finding.NoMutationFailed, finding.NoMutationDiagnostic},
	{finding.ReproducibleFailed, finding.ReproducibleDiagnostic},
	{finding.PublishedArtifactFailed, finding.PublishedArtifactDiagnostic},
	{finding.RuntimeFailed, finding.RuntimeDiagnostic},
	{finding.ContractFailed, finding.ContractDiagnostic},
	{finding.RuntimeChangeFailed, finding.RuntimeChangeDiagnostic},
}

func (s StepName) codes() struct{ failed, diagnostic finding.Code } {
	if s < 0 || int(s) >= len(stepCodes) {
		s = StepCheck
	}
	return stepCodes[s]
}

func (s StepName) String() string { return name(steps[:], int(s), "step") }

// MarshalText writes the step's name as in String, and fails for a value that is no step.
func (s StepName) MarshalText() ([]byte, error) { return marshal(steps[:], int(s), "step") }

// UnmarshalText reads what MarshalText wrote.
func (s *StepName) UnmarshalText(text []byte) error {
	i, err := unmarshal(steps[:], text, "step")
	*s = StepName(i)
	return err
}

func name(table []string, i int, kind string) string {
	if i < 0 || i >= len(table) {
		return fmt.Sprintf("%s(%d)", kind, i)
	}
	return table[i]
}

func marshal(table []string, i int, kind string) ([]byte, error) {
	if i < 0 || i >= len(table) {
		return nil, fmt.Errorf("%d is no %s", i, kind)
	}
	return []byte(table[i]), nil
}

func unmarshal(table []string, text []byte, kind string) (int, error) {
	for i, word := range table {
		if word == string(text) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("unknown %s %q", kind, text)
}
