package reader

import (
	"context"
	"errors"
	"strings"
)

// Kind says what bytes are.
type Kind string

const (
	Unknown   Kind = "unknown"
	Core      Kind = "core"
	Component Kind = "component"
)

// Reading is what is known of bytes. All of Description is there for valid and invalid
// bytes alike, as far as they could be read.
type Reading struct {
	Description
	Fault     *Fault   `json:"fault"`      // why the release refuses them; nil: they are valid
	Lacks     []string `json:"lacks"`      // features that the release lacks and that would make them valid
	Beyond    []string `json:"beyond"`     // features that they use and the sandbox lacks
	Plan      *Plan    `json:"plan"`       // nil unless asked for and valid
	PlanFault string   `json:"plan_fault"` // why there is none, although they are valid
}

// Description is what bytes say about themselves.
type Description struct {
	Kind      Kind       `json:"kind"`
	Imports   []Import   `json:"imports"`
	Exports   []Export   `json:"exports"`
	Memories  []Memory   `json:"memories"` // of every core module
	Tables    []Table    `json:"tables"`
	Sections  []Section  `json:"sections"` // the largest first
	Producers []Producer `json:"producers"`
	Modules   []Module   `json:"modules"`   // core modules of a component
	Wrappable bool       `json:"wrappable"` // a core module that carries its world
	Locals    uint64     `json:"locals"`    // of all functions together
	Real      []string   `json:"real"`      // exports of the contract that the runtime takes for real ones
	Stubs     []string   `json:"stubs"`     // and those that it takes for stubs
}

// Fault is why bytes are not valid.
type Fault struct {
	Message   string `json:"message"`
	Offset    int64  `json:"offset"`    // of the byte in the file
	Function  string `json:"function"`  // that it lies in, where a name section tells it
	Truncated bool   `json:"truncated"` // the file ends too early
}

// Import is what a core module or a component asks for. A component's has no Name.
type Import struct {
	Module string `json:"module"`
	Name   string `json:"name"`
	Kind   string `json:"kind"` // func, memory, table, global, tag, instance, type, component, core module
	Type   string `json:"type"` // of a core function
}

// Export is what it offers.
type Export struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	Type string `json:"type"`
}

// Memory is one linear memory; sizes are bytes.
type Memory struct {
	Min      uint64  `json:"min"`
	Max      *uint64 `json:"max"` // nil: none declared
	Imported bool    `json:"imported"`
	Shared   bool    `json:"shared"`
	Module   int     `json:"module"` // the core module's number
}

// Table is one table; its size is elements.
type Table struct {
	Min      uint64 `json:"min"`
	Imported bool   `json:"imported"`
	Module   int    `json:"module"`
}

// Section is the sum of the sections of one name, heads included.
type Section struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// Producer is one line of a producers section.
type Producer struct {
	Field   string `json:"field"`
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Module is one core module of a component.
type Module struct {
	Start   int64 `json:"start"` // of its bytes in the file
	End     int64 `json:"end"`
	Realloc bool  `json:"realloc"` // it exports cabi_realloc
}

// Request says by which features bytes are read. Features are named as wasmparser's
// constants, in lower case.
type Request struct {
	Features []string          // of the release that judges
	Sandbox  []string          // that the sandbox can run
	Plan     bool              // whether a plan is wanted
	Tables   uint64            // elements that tables without a maximum may grow to, all together
	Offered  map[string]string // functions the sandbox has for core modules: "module\x00name" to the type
	Known    []int             // where bodies of functions begin that are known to be valid with these features, in order
	Checked  bool              // all of them are: somebody else validates the same bytes, and nothing counts unless they are valid
}

// Read describes bytes, judges them and plans their start. The error is for a call that
// did not come to its end; bytes of any kind are no error.
func (r *Reader) Read(ctx context.Context, b []byte, q Request) (*Reading, error) {
	reading := &Reading{}
	tail, err := r.call(ctx, request{Op: "read", Features: q.Features, Sandbox: q.Sandbox, Plan: q.Plan,
		Tables: q.Tables, Offered: q.Offered, Known: q.Known, Checked: q.Checked}, reading, b)
	if overflowed(err) {
		return beyondEnd(b), nil
	}
	if err != nil {
		return nil, err
	}
	if p := reading.Plan; p != nil {
		for i := range p.Steps {
			p.Steps[i].Code = tail[p.Steps[i].Start:p.Steps[i].End]
		}
	}
	return reading, nil
}

// Describe tells what bytes say about themselves, without judging them.
func (r *Reader) Describe(ctx context.Context, b []byte) (*Description, error) {
	d := &Description{}
	_, err := r.call(ctx, request{Op: "read", Describe: true}, d, b)
	return d, err
}

// overflowed reports whether wasmparser met a length so near to 4 GiB that its end, which
// it computes in 32 bits here, lies before its beginning: it panics then, where on a
// 64-bit machine it says that the file ends too early.
func overflowed(err error) bool {
	var broken *BrokenError
	return errors.As(err, &broken) && strings.Contains(broken.Message, "binary_reader.rs") && strings.Contains(broken.Message, "slice index starts at")
}

func beyondEnd(b []byte) *Reading {
	r := &Reading{Fault: &Fault{Message: "a length in it goes beyond its end", Offset: int64(len(b)), Truncated: true}}
	r.Kind = Core
	if len(b) >= 8 && b[6] == 1 {
		r.Kind = Component
	}
	return r
}

// WrapError is why a core module could not be made a component.
type WrapError struct{ Message string }

func (e *WrapError) Error() string { return e.Message }

// Wrap makes a component of a core module that carries its world. What the module lacks
// is a *WrapError.
func (r *Reader) Wrap(ctx context.Context, module []byte) ([]byte, error) {
	var answer struct {
		Fault string `json:"fault"`
	}
	component, err := r.call(ctx, request{Op: "wrap"}, &answer, module)
	switch {
	case err != nil:
		return nil, err
	case answer.Fault != "":
		return nil, &WrapError{answer.Fault}
	}
	return component, nil
}

// World is the world of a component, or of a core module that carries one, as WIT: with all
// packages that it takes interfaces from. The error tells also that there is none.
func (r *Reader) World(ctx context.Context, b []byte) (string, error) {
	var answer struct {
		Text  string `json:"text"`
		Fault string `json:"fault"`
	}
	_, err := r.call(ctx, request{Op: "world"}, &answer, b)
	if err == nil && answer.Fault != "" {
		err = errors.New(answer.Fault)
	}
	return answer.Text, err
}

// Difference is where two files differ first.
type Difference struct {
	Equal bool   `json:"equal"`
	Place string `json:"place"` // in words: "code section, function 3 at byte 12 of it"
	A     int64  `json:"a"`     // the first differing byte in either
	B     int64  `json:"b"`
}

// Difference compares two modules or components section by section.
func (r *Reader) Difference(ctx context.Context, a, b []byte) (*Difference, error) {
	d := &Difference{}
	_, err := r.call(ctx, request{Op: "difference", Split: len(a)}, d, a, b)
	return d, err
}
