package smoke

import (
	"fmt"

	"github.com/astrid-runtime/astrid-dev/builder/component"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// Names of the proposals that the sandbox lacks, as their authors write them.
const (
	exceptions  = "exception-handling"
	gc          = "gc"
	funcRefs    = "function-references"
	multiMemory = "multi-memory"
	memory64    = "memory64"
	threads     = "threads"
	pageSizes   = "custom-page-sizes"
	relaxedSIMD = "relaxed-simd"
	tailCall    = "tail-call"
	wideMath    = "wide-arithmetic"
	stackSwitch = "stack-switching"
)

// acceptedByKernel tells which of them wasmtime runs as the kernel sets it up: its
// defaults less GC and exception handling.
var acceptedByKernel = map[string]bool{
	multiMemory: true, memory64: true, threads: true, relaxedSIMD: true, tailCall: true,
}

// beyondSandbox are the decoder's features that wazero, as the sandbox sets it up, lacks.
var beyondSandbox = map[component.Feature]string{
	component.FeatureRelaxedSIMD:        relaxedSIMD,
	component.FeatureThreads:            threads,
	component.FeatureTailCall:           tailCall,
	component.FeatureExceptions:         exceptions,
	component.FeatureLegacyExceptions:   exceptions,
	component.FeatureFunctionReferences: funcRefs,
	component.FeatureGC:                 gc,
	component.FeatureMultiMemory:        multiMemory,
	component.FeatureMemory64:           memory64,
	component.FeatureCustomPageSizes:    pageSizes,
	component.FeatureWideArithmetic:     wideMath,
	component.FeatureStackSwitching:     stackSwitch,
}

// reportInvalid tells a module that needs a proposal from one that is wrong. Instructions
// are read only here, after wazero has refused them: on every load it would cost as much as
// the rest of the scan.
func reportInvalid(r *Report, err *invalidError) {
	before := len(r.Proposals)
	if m, decodeErr := component.DecodeModule(err.module.data); decodeErr == nil {
		reportAll(r, m)
	}
	if len(r.Proposals) == before {
		r.fail("smoke-invalid", "it is not a valid module: "+firstLine(err.Error()), "build again with a current toolchain; if it stays, the toolchain is at fault")
	}
}

// reportProposals names every proposal of a module at whose first one the scan
// stopped, and completes the report of a core module with what the scan did not reach.
func reportProposals(r *Report, data []byte, first string) {
	m, err := component.DecodeModule(data)
	if err != nil {
		reportProposal(r, first)
		if !acceptedByKernel[first] {
			return
		}
		r.fail("smoke-invalid", "it is not a valid module: "+err.Error(), "build again with a current toolchain; if it stays, the toolchain is at fault")
		return
	}
	reportAll(r, m)
	reportProposal(r, first)
	if r.Kind != KindCore {
		return
	}
	r.Imports, r.Exports = nil, nil
	for _, i := range m.Imports {
		r.Imports = append(r.Imports, Import{Module: i.Module, Name: i.Name, Kind: kindName(byte(i.Type.Kind)), Class: classOf(i.Module)})
	}
	for _, e := range m.Exports {
		r.Exports = append(r.Exports, Export{Name: e.Name, Kind: kindName(byte(e.Kind))})
	}
}

func reportAll(r *Report, m *component.Module) {
	for _, p := range m.Proposals {
		if name, ok := beyondSandbox[p.Feature]; ok {
			reportProposal(r, name)
		}
	}
}

// reportProposal records a proposal beyond the sandbox, once. What the kernel runs is no
// fault of the module: it was read but not run.
func reportProposal(r *Report, name string) {
	for _, p := range r.Proposals {
		if p.Name == name {
			return
		}
	}
	p := Proposal{Name: name, Kernel: acceptedByKernel[name]}
	r.Proposals = append(r.Proposals, p)
	if !p.Kernel {
		r.fail("smoke-proposal-refused", fmt.Sprintf("it needs the %s proposal, which the kernel's engine refuses", name),
			"turn the feature off in the compiler's target options")
		return
	}
	if r.Verdict == Loads {
		r.Verdict = Unknown
	}
	r.add(finding.Warning, "smoke-proposal", fmt.Sprintf("it needs the %s proposal, which the kernel runs and this sandbox cannot: it was read, not run", name),
		"nothing is wrong with it; to have it smoke-loaded, turn the feature off in the compiler's target options")
}
