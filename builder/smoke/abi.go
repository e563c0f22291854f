package smoke

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
	"unicode/utf16"

	"github.com/tetratelabs/wazero/api"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// triggerName is the contract function that the kernel calls for every hook and tool.
const triggerName = "astrid-hook-trigger"

// maxData bounds what is kept of the data of one answer: enough for every tool
// description, and far from the limit on the child's result.
const maxData = 1 << 20

// maxYields bounds how often an asynchronous guest may give way without finishing.
// Nothing here ever becomes ready, so that a guest that yields on will do so for ever.
const maxYields = 1_000

// trigger is astrid-hook-trigger under the canonical ABI:
// (string, list<u8>) -> record { action: string, data: option<string> },
// or option<list<u8>>, which is the same in core form.
type trigger struct {
	call, realloc, post, callback api.Function
	memory                        api.Memory
	encoding                      string // "", utf8, utf16 or latin1+utf16
	tasks                         *taskState
	async                         bool
}

// coreTriggerType is what the contract function of a core module looks like.
const coreTriggerType = "(i32, i32, i32, i32) -> i32"

// trigger finds the contract function of what was started.
func (l *live) trigger(reading *reader.Reading) (*trigger, error) {
	if !l.isComponent {
		return l.coreTrigger(reading)
	}
	for i := range reading.Plan.Functions {
		f := &reading.Plan.Functions[i]
		if f.Name != triggerName {
			continue
		}
		if !isTriggerType(f.Type) {
			return nil, errTriggerType
		}
		t := &trigger{
			call:     l.at(f.Place),
			realloc:  l.function("realloc", f.Options.Realloc),
			post:     l.function("post", f.Options.Post),
			callback: l.function("callback", f.Options.Callback),
			memory:   l.memory(f.Options.Memory),
			encoding: f.Options.Encoding,
			tasks:    &l.tasks,
			async:    f.Options.Async,
		}
		if t.call == nil {
			return nil, errTriggerType
		}
		return t, t.complete()
	}
	return nil, errNoTrigger
}

func (l *live) coreTrigger(reading *reader.Reading) (*trigger, error) {
	for _, e := range reading.Exports {
		if e.Name != triggerName {
			continue
		}
		if e.Type != coreTriggerType {
			return nil, errTriggerType
		}
		instance := l.sandbox.instances["0"]
		t := &trigger{
			call:    instance.ExportedFunction(triggerName),
			realloc: instance.ExportedFunction("cabi_realloc"),
			post:    instance.ExportedFunction("cabi_post_" + triggerName),
			memory:  instance.ExportedMemory("memory"),
		}
		return t, t.complete()
	}
	return nil, errNoTrigger
}

var (
	errNoTrigger   = errors.New("it does not export " + triggerName)
	errTriggerType = errors.New("its " + triggerName + " does not have the contract's type")
	errNoMemory    = errors.New("its " + triggerName + " has no memory to pass values in")
	errNoRealloc   = errors.New("it has no cabi_realloc to allocate the arguments with")
	errAnswer      = errors.New("the answer lies outside the memory")
	errAllocation  = errors.New("cabi_realloc returned an address outside the memory or not aligned")
)

func (t *trigger) complete() error {
	switch {
	case t.memory == nil:
		return errNoMemory
	case t.realloc == nil || len(t.realloc.Definition().ParamTypes()) != 4 || len(t.realloc.Definition().ResultTypes()) != 1:
		return errNoRealloc
	}
	return nil
}

// calls makes the calls that were asked for, in order, and stops at the first that
// fails: the kernel does not use an instance again that has trapped.
func (w *work) calls(ctx context.Context, r *Report, t *trigger, err error) {
	failed := false
	for _, c := range w.options.Calls {
		result := CallResult{Action: c.Action}
		switch {
		case err != nil:
			result.Error = err.Error()
		case failed:
			result.Error = "not called, because an earlier call failed"
		default:
			w.enter(fmt.Sprintf("calling %s with action %q", triggerName, c.Action))
			began := time.Now()
			callErr := t.run(ctx, c, &result)
			result.Millis = millis(time.Since(began))
			r.Times.Call += result.Millis
			if callErr != nil {
				failed = true
				w.callFailed(ctx, r, &result, callErr)
			}
		}
		r.Calls = append(r.Calls, result)
	}
	if err != nil && len(w.options.Calls) > 0 {
		r.fail(finding.SmokeCall, "it cannot be called: "+err.Error(), "export the contract function, or leave call out of the smoke settings")
	}
}

func (w *work) callFailed(ctx context.Context, r *Report, result *CallResult, err error) {
	result.Error = firstLine(err.Error())
	if ctx.Err() != nil {
		w.interrupted(ctx, r)
		return
	}
	if result.Trap = trapOf(err); result.Trap != nil && len(result.Trap.Stack) == 0 {
		result.Trap = nil
	}
	r.fail(finding.SmokeCall, fmt.Sprintf("the call with action %q failed: %s", result.Action, result.Error),
		"the guest's own message and stack are shown with the report; the host behind its imports is a stub that answers with zeros")
}

func (t *trigger) run(ctx context.Context, c Call, result *CallResult) error {
	action, units, align := encodeText(c.Action, t.encoding)
	a, err := t.put(ctx, action, align)
	if err != nil {
		return err
	}
	p, err := t.put(ctx, c.Payload, 1)
	if err != nil {
		return err
	}
	out, err := t.call.Call(ctx, uint64(a), uint64(units), uint64(p), uint64(len(c.Payload)))
	if err != nil {
		return err
	}
	if t.async {
		return t.finish(ctx, out, result)
	}
	if len(out) != 1 {
		return errTriggerType
	}
	area := uint32(out[0])
	flat := make([]uint64, 5)
	// action: 0 pointer, 4 length; data: 8 discriminant, 12 pointer, 16 length.
	b, ok := t.memory.Read(area, 20)
	if !ok || area%4 != 0 {
		return errAnswer
	}
	for i := range flat {
		flat[i] = uint64(binary.LittleEndian.Uint32(b[4*i:]))
	}
	flat[2] = uint64(b[8]) // the bytes beside the discriminant mean nothing
	if err := readAnswer(t.memory, t.encoding, flat, result); err != nil {
		return err
	}
	if t.post != nil {
		_, err = t.post.Call(ctx, out[0])
	}
	return err
}

// put copies an argument into the guest.
func (t *trigger) put(ctx context.Context, b []byte, align uint32) (uint32, error) {
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
func (t *trigger) finish(ctx context.Context, out []uint64, result *CallResult) error {
	for n := 0; t.callback != nil && len(out) == 1 && out[0]&0xf != 0; n++ {
		if out[0]&0xf != 1 || n == maxYields { // 1 yields, 2 waits
			return errors.New("it waits for something that the stubbed host never sends")
		}
		var err error
		if out, err = t.callback.Call(ctx, 0, 0, 0); err != nil {
			return err
		}
	}
	if !t.tasks.returned || len(t.tasks.flat) != 5 {
		return errors.New("it ended without returning a result")
	}
	t.tasks.returned = false
	return readAnswer(t.tasks.memory, t.tasks.encoding, t.tasks.flat, result)
}

// readAnswer lifts the flat form of the record: action, then data.
func readAnswer(m api.Memory, encoding string, flat []uint64, result *CallResult) error {
	if m == nil {
		return errAnswer
	}
	var err error
	if result.Returned, err = decodeText(m, uint32(flat[0]), uint32(flat[1]), encoding); err != nil {
		return err
	}
	switch uint32(flat[2]) {
	case 0:
		return nil
	case 1:
	default:
		return fmt.Errorf("the answer's option has the case %d", flat[2])
	}
	data, ok := m.Read(uint32(flat[3]), uint32(flat[4]))
	if !ok {
		return errAnswer
	}
	result.HasData = true
	result.DataCut = max(0, len(data)-maxData)
	result.Data = append([]byte{}, data[:min(len(data), maxData)]...)
	return nil
}

// utf16Tag marks the length of a latin1+utf16 string that is UTF-16.
const utf16Tag = 1 << 31

// encodeText returns a string's bytes, its length in the encoding's units, and its alignment.
func encodeText(s, encoding string) (b []byte, units uint32, align uint32) {
	if encoding != "utf16" && encoding != "latin1+utf16" {
		return []byte(s), uint32(len(s)), 1
	}
	codes := utf16.Encode([]rune(s))
	for _, c := range codes {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	units = uint32(len(codes))
	if encoding == "latin1+utf16" {
		units |= utf16Tag
	}
	return b, units, 2
}

func decodeText(m api.Memory, address, units uint32, encoding string) (string, error) {
	wide := encoding == "utf16" || encoding == "latin1+utf16" && units&utf16Tag != 0
	units &^= utf16Tag
	size := units
	if wide {
		if units > 1<<30 {
			return "", errAnswer
		}
		size *= 2
	}
	b, ok := m.Read(address, size)
	if !ok {
		return "", errAnswer
	}
	b = b[:min(len(b), maxData)]
	switch {
	case wide:
		codes := make([]uint16, len(b)/2)
		for i := range codes {
			codes[i] = binary.LittleEndian.Uint16(b[2*i:])
		}
		return string(utf16.Decode(codes)), nil
	case encoding == "latin1+utf16":
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return string(runes), nil
	}
	return string(b), nil
}
