package smoke

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// Bounds on what reaches the engine, beyond those that validation has. Each is far above
// what compilers write, and keeps a small file from asking for gigabytes.
const (
	// Locals of all functions together: each costs wazero about 100 bytes, and a large
	// debug build has about 1.6 million.
	maxLocals = 4_000_000
	// Core instances that a component may make. The largest known graph, of a JavaScript
	// engine, has about 20.
	maxInstances = 1_000
)

// read has the reader describe, judge and plan the bytes, and writes what it found into
// the report. The reading is nil when there is none.
func (w *work) read(ctx context.Context, r *Report) *reader.Reading {
	w.enter("reading it")
	began := time.Now()
	defer func() { r.Times.Scan = millis(time.Since(began)) }()
	reading, err := w.ask(ctx)
	switch {
	case ctx.Err() != nil:
		w.interrupted(ctx, r)
		return nil
	case errors.Is(err, reader.ErrMemory):
		r.fail(finding.SmokeLimit, err.Error(), "a module made by current tools needs far less")
		return nil
	case err != nil:
		r.fail(finding.SmokeEngine, err.Error(), "check the module with another tool; if it is valid, report this")
		return nil
	}
	reading = w.restore(reading)
	w.describe(r, reading)
	w.validity(r, reading)
	return reading
}

func (w *work) ask(ctx context.Context) (reading *reader.Reading, err error) {
	if reading, w.before = w.kept.Take(w.keptKey()); reading != nil {
		return reading, nil
	}
	q := engine.Request(w.release.Features)
	q.Known = w.left.Known
	return w.reader.Read(ctx, w.module, q)
}

// restore makes the reading of what is left that of the whole.
func (w *work) restore(left *reader.Reading) *reader.Reading {
	w.reading = left
	w.locals = left.Locals + w.left.Locals
	if w.left.Code == 0 {
		return left
	}
	whole := *left // which is kept
	reading := &whole
	reading.Locals, reading.Sections = w.locals, slices.Clone(left.Sections)
	of := ""
	if reading.Kind == reader.Component {
		of = "core "
	}
	for i := range reading.Sections {
		switch s := &reading.Sections[i]; s.Name {
		case of + "code":
			s.Bytes += w.left.Code
		case of + "data":
			s.Bytes += w.left.Data
		case of + "custom name":
			s.Bytes += w.left.Names
		}
	}
	slices.SortStableFunc(reading.Sections, func(a, b reader.Section) int { return int(b.Bytes - a.Bytes) })
	return reading
}

// describe writes what the bytes say about themselves into the report.
func (w *work) describe(r *Report, reading *reader.Reading) {
	for _, i := range reading.Imports {
		class := classOf(w.release, i.Module)
		if r.Kind == KindComponent && i.Kind == "type" {
			class = ClassNone
		}
		r.Imports = append(r.Imports, Import{Module: i.Module, Name: i.Name, Kind: i.Kind, Type: i.Type, Class: class})
	}
	for _, e := range reading.Exports {
		r.Exports = append(r.Exports, Export{Name: e.Name, Kind: e.Kind, Type: e.Type})
	}
	for _, m := range reading.Memories {
		if m.Imported && r.Kind == KindComponent {
			continue // it is another core module's
		}
		memory := Memory{Min: m.Min, Imported: m.Imported}
		if m.Max != nil {
			memory.Max = *m.Max
		}
		r.Memories = append(r.Memories, memory)
	}
	for _, s := range reading.Sections {
		r.Sections = append(r.Sections, Section(s))
	}
	for _, p := range reading.Producers {
		r.Producers = append(r.Producers, Producer(p))
	}
	r.Modules = len(reading.Modules)
}

// validity says whether the release takes the bytes, and whether the sandbox can run them.
func (w *work) validity(r *Report, reading *reader.Reading) {
	fault := reading.Fault
	switch {
	case fault != nil && len(reading.Lacks) > 0:
		for _, feature := range reading.Lacks {
			w.lacks(r, feature, fault)
		}
	case fault != nil && fault.Truncated:
		r.fail(finding.SmokeTruncated, place(fault), rebuildHint)
	case fault != nil:
		r.fail(finding.SmokeInvalid, "it is not a valid "+r.Kind.noun()+": "+place(fault), "build again with current tools; if it stays, the toolchain is at fault")
	case reading.PlanFault != "":
		r.fail(finding.SmokeLink, "the runtime could not start it: "+reading.PlanFault, "build again with current component tools")
	case reading.Locals > maxLocals:
		r.fail(finding.SmokeLimit, fmt.Sprintf("it has more than %d locals in all functions", maxLocals), "a module made by current tools stays far below this limit")
	case reading.Plan != nil && reading.Plan.Instances > maxInstances:
		r.fail(finding.SmokeLimit, fmt.Sprintf("it makes more than %d core instances", maxInstances), "a component made by current tools stays far below this limit")
	}
	for _, feature := range reading.Beyond {
		w.beyond(r, feature)
	}
}

// place is a fault's message with where it lies.
func place(f *reader.Fault) string {
	s := fmt.Sprintf("%s at byte %d", f.Message, f.Offset)
	if f.Function != "" {
		s += ", in the function " + f.Function
	}
	return s
}

// proposal is the name that its authors gave to what a feature switches on.
func proposal(feature string) string {
	switch feature {
	case "exceptions", "legacy_exceptions":
		return "exception-handling"
	case "gc_types":
		return "gc"
	}
	if rest, ok := strings.CutPrefix(feature, "cm_"); ok {
		return "component-model " + strings.ReplaceAll(rest, "_", "-")
	}
	return strings.ReplaceAll(feature, "_", "-")
}

// lacks records a proposal that the bytes need and the release does not have.
func (w *work) lacks(r *Report, feature string, fault *reader.Fault) {
	name := proposal(feature)
	if !r.propose(Proposal{Name: name}) {
		return
	}
	message := fmt.Sprintf("it needs the %s proposal, which the runtime %s refuses", name, w.release.Version)
	if first := astrid.FirstWith(feature); first != "" {
		message += fmt.Sprintf("; it is there from %s on", first)
	}
	message += " (" + place(fault) + ")"
	r.fail(finding.SmokeProposalRefused, message, "turn the feature off in the compiler's target options")
}

// beyond records a proposal that the release has and the sandbox lacks: the bytes are
// valid, and were not run.
func (w *work) beyond(r *Report, feature string) {
	name := proposal(feature)
	if !r.propose(Proposal{Name: name, Kernel: true}) {
		return
	}
	r.unknown(finding.SmokeProposal, fmt.Sprintf("it needs the %s proposal, which the runtime has and this sandbox lacks: it was validated, not run", name),
		"to have it run here, turn the feature off in the compiler's target options")
}

// propose adds a proposal; false: its name is there already, for another feature.
func (r *Report) propose(p Proposal) bool {
	if slices.ContainsFunc(r.Proposals, func(known Proposal) bool { return known.Name == p.Name }) {
		return false
	}
	r.Proposals = append(r.Proposals, p)
	return true
}

func (k Kind) noun() string {
	if k == KindComponent {
		return "component"
	}
	return "module"
}

// sniff tells what the bytes are; KindUnknown comes with its finding.
func (w *work) sniff(r *Report) Kind {
	b := w.module
	switch {
	case len(b) == 0:
		r.fail(finding.SmokeEmpty, "the file is empty", "the build wrote nothing: look at its output and at the path it writes")
	case len(b) < 4 && strings.HasPrefix(reader.Magic, string(b)):
		r.fail(finding.SmokeTruncated, fmt.Sprintf("the file ends after %d bytes, inside its first word", len(b)), rebuildHint)
	case len(b) < 4 || string(b[:4]) != reader.Magic:
		r.fail(finding.SmokeNotWasm, "the file is not WebAssembly: it begins with "+quoteStart(b),
			"component.file and output must name the .wasm file that the build writes")
	case len(b) < 8:
		r.fail(finding.SmokeTruncated, fmt.Sprintf("the file ends after %d bytes, inside its header", len(b)), rebuildHint)
	case string(b[4:8]) == "\x01\x00\x00\x00":
		r.Kind = KindCore
	case b[6] == 1 && b[7] == 0:
		r.Kind = KindComponent
	default:
		r.fail(finding.SmokeVersion, fmt.Sprintf("unknown WebAssembly version % x", b[4:8]), "build it with a current toolchain")
	}
	return r.Kind
}
