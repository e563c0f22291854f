package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// TriggerName is the contract function that the kernel calls for every hook and tool.
const TriggerName = "astrid-hook-trigger"

// Answer is what the contract function returned.
type Answer struct {
	Action  string
	Data    []byte // at most as much as was asked for
	HasData bool
	DataCut int // bytes of the data that are not in Data
}

// maxYields bounds how often an asynchronous guest may give way without finishing.
// Nothing here ever becomes ready, so that a guest that yields on will do so for ever.
const maxYields = 1_000

// Trigger is astrid-hook-trigger under the canonical ABI:
// (string, list<u8>) -> record { action: string, data: option<string> },
// or option<list<u8>>, which is the same in core form.
type Trigger struct {
	call, realloc, post, callback api.Function
	memory                        api.Memory
	encoding                      string // "", utf8, utf16 or latin1+utf16
	tasks                         *taskState
	async                         bool
	guest                         *Guest
}

// CoreTriggerType is what the contract function of a core module looks like.
const CoreTriggerType = "(i32, i32, i32, i32) -> i32"

// Trigger finds the contract function of what was started from reading.
func (g *Guest) Trigger(reading *reader.Reading) (*Trigger, error) {
	if !g.isComponent {
		return g.coreTrigger(reading)
	}
	f, call, ok := g.Exported(TriggerName)
	switch {
	case !ok:
		return nil, errNoTrigger
	case !IsTriggerType(f.Type), call == nil:
		return nil, errTriggerType
	}
	t := &Trigger{
		call:     call,
		realloc:  g.function("realloc", f.Options.Realloc),
		post:     g.function("post", f.Options.Post),
		callback: g.function("callback", f.Options.Callback),
		memory:   g.memory(f.Options.Memory),
		encoding: f.Options.Encoding,
		tasks:    &g.tasks,
		async:    f.Options.Async,
		guest:    g,
	}
	return t, t.complete()
}

func (g *Guest) coreTrigger(reading *reader.Reading) (*Trigger, error) {
	for _, e := range reading.Exports {
		if e.Name != TriggerName {
			continue
		}
		if e.Type != CoreTriggerType {
			return nil, errTriggerType
		}
		instance := g.instances["0"]
		t := &Trigger{
			guest:   g,
			call:    instance.ExportedFunction(TriggerName),
			realloc: instance.ExportedFunction("cabi_realloc"),
			post:    instance.ExportedFunction("cabi_post_" + TriggerName),
			memory:  instance.ExportedMemory("memory"),
		}
		return t, t.complete()
	}
	return nil, errNoTrigger
}

var (
	errNoTrigger   = errors.New("it does not export " + TriggerName)
	errTriggerType = errors.New("its " + TriggerName + " does not have the contract's type")
	errNoMemory    = errors.New("its " + TriggerName + " has no memory to pass values in")
	errNoRealloc   = errors.New("it has no cabi_realloc to allocate the arguments with")
	errAnswer      = errors.New("the answer lies outside the memory")
	errAllocation  = errors.New("cabi_realloc returned an address outside the memory or not aligned")
)

func (t *Trigger) complete() error {
	switch {
	case t.memory == nil:
		return errNoMemory
	case t.realloc == nil || len(t.realloc.Definition().ParamTypes()) != 4 || len(t.realloc.Definition().ResultTypes()) != 1:
		return errNoRealloc
	}
	return nil
}

// Call calls it. Of the answer's data no more than limit bytes are kept.
func (t *Trigger) Call(ctx context.Context, action string, payload []byte, limit int) (*Answer, error) {
	ctx = t.guest.context(ctx)
	text, units, align := abi.EncodeText(action, t.encoding)
	a, err := t.put(ctx, text, align)
	if err != nil {
		return nil, err
	}
	p, err := t.put(ctx, payload, 1)
	if err != nil {
		return nil, err
	}
	out, err := t.call.Call(ctx, uint64(a), uint64(units), uint64(p), uint64(len(payload)))
	if err != nil {
		return nil, err
	}
	if t.async {
		return t.finish(ctx, out, limit)
	}
	if len(out) != 1 {
		return nil, errTriggerType
	}
	area := uint32(out[0])
	flat := make([]uint64, 5)
	// action: 0 pointer, 4 length; data: 8 discriminant, 12 pointer, 16 length.
	b, ok := t.memory.Read(area, 20)
	if !ok || area%4 != 0 {
		return nil, errAnswer
	}
	for i := range flat {
		flat[i] = uint64(binary.LittleEndian.Uint32(b[4*i:]))
	}
	flat[2] = uint64(b[8]) // the bytes beside the discriminant mean nothing
	answer, err := readAnswer(t.memory, t.encoding, flat, limit)
	if err == nil && t.post != nil {
		_, err = t.post.Call(ctx, out[0])
	}
	return answer, err
}

// put copies an argument into the guest.
func (t *Trigger) put(ctx context.Context, b []byte, align uint32) (uint32, error) {
	out, err := t.realloc.Call(ctx, 0, 0, uint64(align), uint64(len(b)))
	if err != nil {
		return 0, err
	}
	address := uint32(out[0])
	if address%align != 0 || !t.memory.Write(address, b) {
		return 0, errAllocation
	}
	return address, nil
}

// finish drives an asynchronously lifted call to its task.return.
func (t *Trigger) finish(ctx context.Context, out []uint64, limit int) (*Answer, error) {
	for n := 0; t.callback != nil && len(out) == 1 && out[0]&0xf != 0; n++ {
		if out[0]&0xf != 1 || n == maxYields { // 1 yields, 2 waits
			return nil, errors.New("it waits for something that the stubbed host never sends")
		}
		var err error
		if out, err = t.callback.Call(ctx, 0, 0, 0); err != nil {
			return nil, err
		}
	}
	if !t.tasks.returned || len(t.tasks.flat) != 5 {
		return nil, errors.New("it ended without returning a result")
	}
	t.tasks.returned = false
	return readAnswer(t.tasks.memory, t.tasks.encoding, t.tasks.flat, limit)
}

// readAnswer lifts the flat form of the record: action, then data.
func readAnswer(m api.Memory, encoding string, flat []uint64, limit int) (*Answer, error) {
	if m == nil {
		return nil, errAnswer
	}
	action, _, err := readText(m, uint32(flat[0]), uint32(flat[1]), encoding, maxAction)
	if err != nil {
		return nil, err
	}
	a := &Answer{Action: action}
	switch uint32(flat[2]) {
	case 0:
		return a, nil
	case 1:
	default:
		return nil, fmt.Errorf("the answer's option has the case %d", flat[2])
	}
	data, cut, err := readText(m, uint32(flat[3]), uint32(flat[4]), encoding, limit)
	if err != nil {
		return nil, err
	}
	a.HasData, a.Data, a.DataCut = true, []byte(data), cut
	return a, nil
}

// maxAction bounds what is kept of the answer's action; the known ones have a few letters.
const maxAction = 1 << 20

// IsTriggerType compares types, and the names of the record's fields; what the parameters
// are called does not count (wasmtime, component/func/typed.rs).
func IsTriggerType(text string) bool {
	params, result, ok := strings.Cut(strings.TrimPrefix(text, "async "), ") -> ")
	list := strings.Split(strings.TrimPrefix(params, "func("), ", ")
	if !ok || len(list) != 2 || result != "record{action: string, data: option<string>}" {
		return false
	}
	_, first, _ := strings.Cut(list[0], ": ")
	_, second, _ := strings.Cut(list[1], ": ")
	return first == "string" && second == "list<u8>"
}

// IsPlain reports whether a function takes and returns nothing, as run and the two hooks.
func IsPlain(text string) bool { return strings.TrimPrefix(text, "async ") == "func()" }

// readText reads at most limit bytes of a string from a memory, and says how many it left.
// What is no text in its encoding is passed on as it is: a report shows it.
func readText(m api.Memory, address, units uint32, encoding string, limit int) (text string, cut int, err error) {
	n, wide, ok := abi.TextBytes(units, encoding)
	if !ok {
		return "", 0, errAnswer
	}
	b, ok := m.Read(address, n)
	if !ok {
		return "", 0, errAnswer
	}
	cut = max(0, len(b)-limit)
	text, _ = abi.DecodeText(b[:len(b)-cut], wide, encoding)
	return text, cut, nil
}
