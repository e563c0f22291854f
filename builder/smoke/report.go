package smoke

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
)

// Kind says what the bytes are.
type Kind string

const (
	KindUnknown   Kind = ""          // no WebAssembly at all
	KindCore      Kind = "core"      // a core module
	KindComponent Kind = "component" // a Component Model binary
)

// Verdict is the answer to "does it load".
type Verdict string

const (
	Loads   Verdict = "loads"   // valid, and instantiated within the limits
	Unknown Verdict = "unknown" // valid as far as it was read, but the sandbox lacks something that the kernel has
	Fails   Verdict = "fails"   // broken, or it left the limits
)

// Class says who is expected to provide an import.
type Class string

const (
	ClassKernel  Class = "kernel"  // the Astrid kernel offers exactly this interface and version
	ClassWASI    Class = "wasi"    // a WASI interface: a wrapped module's adapter provides it, the kernel does not
	ClassForeign Class = "foreign" // nobody in the ecosystem offers it
	ClassNone    Class = "none"    // a type, which nobody has to provide
)

// Report is what one smoke load found. It is written once by LoadFile, and by whoever asks the
// module for its tools then, and not touched afterwards; a reader may share it between goroutines.
type Report struct {
	Kind     Kind              `json:"kind,omitempty"`
	Verdict  Verdict           `json:"verdict"`
	Loads    bool              `json:"loads"` // no error was found: Verdict is Loads or Unknown
	Findings []finding.Finding `json:"findings,omitempty"`

	KernelReady    bool              `json:"kernel_ready"`              // it loads and KernelFindings has no error
	KernelFindings []finding.Finding `json:"kernel_findings,omitempty"` // what stands between the module and the kernel
	Runtimes       []string          `json:"runtimes,omitempty"`        // the releases of the runtime that judged; all must take it
	LinksOn        []string          `json:"links_on,omitempty"`        // of a component: the known releases that have all its imports

	Tools        []string          `json:"tools,omitempty"`         // that it describes, where somebody asked it in package inspect
	ToolFindings []finding.Finding `json:"tool_findings,omitempty"` // what is wrong with them; likewise

	Size      int64      `json:"size"` // bytes of the file
	Imports   []Import   `json:"imports,omitempty"`
	Exports   []Export   `json:"exports,omitempty"`
	Memories  []Memory   `json:"memories,omitempty"`
	Sections  []Section  `json:"sections,omitempty"`
	Producers []Producer `json:"producers,omitempty"`
	Proposals []Proposal `json:"proposals,omitempty"` // WebAssembly proposals it needs beyond the sandbox
	Modules   int        `json:"modules,omitempty"`   // core modules inside a component
	Instances int        `json:"instances,omitempty"` // core instances made from them

	Times     Times        `json:"times"`
	PeakGuest uint64       `json:"peak_guest_bytes,omitempty"` // most linear memory held at once
	PeakChild uint64       `json:"peak_child_bytes,omitempty"` // resident set of the child, LoadFile only
	Trap      *Trap        `json:"trap,omitempty"`
	Stdout    string       `json:"stdout,omitempty"` // what the guest printed, bounded by Limits.Output
	Stderr    string       `json:"stderr,omitempty"`
	Cut       int64        `json:"output_cut,omitempty"` // bytes of guest output that were thrown away
	Calls     []CallResult `json:"calls,omitempty"`
	Declared  *Declared    `json:"declared,omitempty"`
}

// Import is one thing the module or component asks for.
type Import struct {
	Module string `json:"module"`         // for a component: the interface with its version
	Name   string `json:"name,omitempty"` // empty for an instance imported by a component
	Kind   string `json:"kind"`           // func, memory, table, global, tag, instance, type, component, module
	Type   string `json:"type,omitempty"` // a core function's signature
	Class  Class  `json:"class"`
}

// Export is one thing the module or component offers.
type Export struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	Type string `json:"type,omitempty"`
}

// Memory is one linear memory, defined or imported. Sizes are bytes.
type Memory struct {
	Min      uint64 `json:"min"`
	Max      uint64 `json:"max,omitempty"` // 0: none declared
	Imported bool   `json:"imported,omitempty"`
}

// Section is one section of the file, or the sum of those of one name.
type Section struct {
	Name  string `json:"name"` // "code", "data", "custom producers", ...
	Bytes int64  `json:"bytes"`
}

// Producer is one line of the producers section: a language, a tool or an SDK.
type Producer struct {
	Field   string `json:"field"` // language, processed-by or sdk
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
}

// Proposal is a WebAssembly proposal found in the module that the sandbox cannot run.
type Proposal struct {
	Name   string `json:"name"`
	Kernel bool   `json:"kernel"` // the kernel's engine accepts it
}

// Times are milliseconds, of wall clock but for CPU.
type Times struct {
	Scan        float64 `json:"scan_ms"`
	Compile     float64 `json:"compile_ms"`
	Instantiate float64 `json:"instantiate_ms"`
	Call        float64 `json:"call_ms,omitempty"`
	Total       float64 `json:"total_ms"`
	CPU         float64 `json:"cpu_ms,omitempty"` // processor time of the child, LoadFile only
}

// Trap is how the guest died.
type Trap = engine.Trap

// Call asks for one call of the contract function astrid-hook-trigger after the load.
type Call struct {
	Action  string `json:"action"`
	Payload []byte `json:"payload,omitempty"`
}

// CallResult is what one Call returned.
type CallResult struct {
	Action   string  `json:"action"`             // as asked
	Returned string  `json:"returned,omitempty"` // the action the guest answered with
	Data     []byte  `json:"data,omitempty"`     // nil: none
	HasData  bool    `json:"has_data,omitempty"`
	DataCut  int     `json:"data_cut,omitempty"` // bytes of the data that were not kept
	Millis   float64 `json:"ms"`
	Error    string  `json:"error,omitempty"` // why there is no answer
	Trap     *Trap   `json:"trap,omitempty"`
}

// fail records an error, which decides the verdict.
func (r *Report) fail(code finding.Code, message, hint string) {
	r.add(finding.Error, code, message, hint)
	r.Verdict, r.Loads = Fails, false
}

// place gives the newest finding the line of the author's source where the guest died.
func (r *Report) place(t *Trap) {
	if t == nil || t.At == nil {
		return
	}
	f := &r.Findings[len(r.Findings)-1]
	f.File, f.Line, f.Column = t.At.File, t.At.Line, t.At.Column
	if t.At.Function != "" {
		f.Message += ", in " + t.At.Function
	}
}

func (r *Report) add(s finding.Severity, code finding.Code, message, hint string) {
	r.Findings = append(r.Findings, finding.Finding{Code: code, Severity: s, Message: message, Hint: hint})
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

const timeoutHint = `start functions must return; if it needs longer, set smoke = { timeout = "30s" } in [package.metadata.astrid-dev]: that is time of a processor, which a busy machine does not use up`

const rebuildHint = "the file was cut off while it was written: build again"

// quoteStart shows the first bytes of a file that is something else.
func quoteStart(b []byte) string {
	// One terminal line, whatever the file is.
	const shown = 24
	return fmt.Sprintf("%q", b[:min(len(b), shown)])
}

func millis(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000 // a microsecond is finer than any clock that matters here
}

// unknown records why valid bytes could not be run.
func (r *Report) unknown(code finding.Code, message, hint string) {
	if r.Verdict == Loads {
		r.Verdict = Unknown
	}
	r.add(finding.Warning, code, message, hint)
}

// wentWell reports whether all ran to its end, and nothing was met that could be otherwise where
// code is left out. A trap that stands for such code ends what is called, so that its caller tells
// of it in one of these ways.
func wentWell(r *Report) bool {
	strange := func(f finding.Finding) bool { return f.Code != finding.SmokeForeignImport }
	unsure := func(f finding.Finding) bool { return f.Code == finding.KernelReadyUnknown }
	failed := func(c CallResult) bool { return c.Error != "" || c.Trap != nil }
	return r.Verdict == Loads && r.Trap == nil && !slices.ContainsFunc(r.Findings, strange) &&
		!slices.ContainsFunc(r.KernelFindings, unsure) && !slices.ContainsFunc(r.Calls, failed)
}
