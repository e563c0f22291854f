package smoke

import (
	"github.com/tetratelabs/wazero/api"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// live is a module that is being brought to life, or has been. Its one guest is
// single-threaded, so nothing guards it.
type live struct {
	work        *work
	report      *Report
	plan        *reader.Plan
	isComponent bool // the plan is a component's
	sandbox     *sandbox
	items       map[string]map[uint32]reader.Place // by the step's op, then its index
	handles     handles
	tasks       taskState
	ready       readiness

	readiness []finding.Finding // what calling run showed
}

// function is what a step remembered under an index; nil when there is none.
func (l *live) function(op string, index *uint32) api.Function {
	if index == nil {
		return nil
	}
	p, ok := l.items[op][*index]
	if !ok {
		return nil
	}
	return l.at(p)
}

// at is the function in a place; nil when it is one of the host's, or not there yet.
func (l *live) at(p reader.Place) api.Function {
	instance := l.sandbox.instances[p.Key]
	if instance == nil {
		return nil
	}
	return instance.ExportedFunction(p.Name)
}

// memory is the one that a step remembered under an index; nil when there is none.
func (l *live) memory(index *uint32) api.Memory {
	if index == nil {
		return nil
	}
	p := l.items["memory"][*index]
	instance := l.sandbox.instances[p.Key]
	if instance == nil {
		return nil
	}
	return instance.ExportedMemory(p.Name)
}

func valueTypes(names []string) []api.ValueType {
	known := map[string]api.ValueType{"i32": api.ValueTypeI32, "i64": api.ValueTypeI64, "f32": api.ValueTypeF32,
		"f64": api.ValueTypeF64, "v128": vectorType, "funcref": funcrefType, "externref": api.ValueTypeExternref}
	types := make([]api.ValueType, len(names))
	for i, n := range names {
		types[i] = known[n]
	}
	return types
}

// Value types that wazero's API has no name for.
const (
	vectorType  api.ValueType = 0x7b
	funcrefType api.ValueType = 0x70
)

// funcType is a core function's type.
type funcType struct{ params, results []api.ValueType }

// handles gives every resource, stream and set a number of its own, over all tables.
type handles struct {
	last uint32
	held map[uint32]handle
}

// handle is what a number stands for.
type handle struct {
	rep  uint32
	lent bool // dropping it does not end the resource
}

func (h *handles) add(v handle) uint64 {
	if h.held == nil {
		h.held = map[uint32]handle{}
	}
	h.last++
	h.held[h.last] = v
	return uint64(h.last)
}

// taskState is what a task keeps: its context slots and what it returned.
type taskState struct {
	slots    [2]uint64
	returned bool
	flat     []uint64
	memory   api.Memory
	encoding string
}
