package guest

import (
	"fmt"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
)

// Limits bound a guest. A zero field means its default.
type Limits struct {
	Memory       uint64        `json:"memory"`        // bytes of each linear memory; 64 MiB, as the runtime gives
	Wall         time.Duration `json:"wall"`          // of one call: by the clock and of a processor, both; 30 s
	AddressSpace uint64        `json:"address_space"` // bytes of the child; 3 GiB
	CPUSeconds   uint64        `json:"cpu_seconds"`   // of the child, all calls together; ten minutes
}

const (
	defaultMemory = astrid.MemoryBytes
	// A person waits for a call, and the runtime would end it after 300 s only.
	DefaultWall       = 30 * time.Second
	defaultCPUSeconds = 600
)

func (l Limits) withDefaults() Limits {
	if l.Memory == 0 {
		l.Memory = defaultMemory
	}
	if l.Wall == 0 {
		l.Wall = DefaultWall
	}
	if l.AddressSpace == 0 {
		l.AddressSpace = engine.AddressSpace
	}
	if l.CPUSeconds == 0 {
		l.CPUSeconds = max(defaultCPUSeconds, 2*uint64(l.Wall/time.Second))
	}
	return l
}

// Options say how a module is run. The zero value gives it nothing.
type Options struct {
	Limits  Limits       `json:"limits"`
	Host    host.Options `json:"host"`
	Runtime string       `json:"runtime,omitempty"` // the release whose host it is; "": the newest known
	Lines   engine.Lines `json:"lines"`
	Peers   []Peer       `json:"peers,omitempty"`   // other capsules on its bus
	Compile bool         `json:"compile,omitempty"` // to machine code: slower to load, faster to call
	Checked bool         `json:"checked,omitempty"` // somebody else validates the same bytes, and nothing of this counts unless they are valid
}

// Peer is another capsule on the bus of a guest: its module, and its world.
type Peer struct {
	Name string       `json:"name"`
	Path []byte       `json:"path"`
	Host host.Options `json:"host"`
}

// Heard is what a peer did during a request.
type Heard struct {
	Name   string       `json:"name"`
	Record host.Record  `json:"record"`
	Error  string       `json:"error,omitempty"` // why it did not do what it was called for
	Trap   *engine.Trap `json:"trap,omitempty"`
}

// request is what the child is told, one JSON value after another.
type request struct {
	ID      int           `json:"id"`
	Path    []byte        `json:"path,omitempty"` // of the module to load, with Options: the first request, and the first after a rest. A file's name need not be text
	Options *Options      `json:"options,omitempty"`
	Action  string        `json:"action,omitempty"` // of the contract function
	Payload []byte        `json:"payload,omitempty"`
	Message *host.Message `json:"message,omitempty"` // that the guest is called for, or that is delivered
	Fresh   bool          `json:"fresh,omitempty"`   // with a new instance
	World   *host.Options `json:"world,omitempty"`   // in a new world, with a new instance
	Peers   []Peer        `json:"peers,omitempty"`   // of that world
	Rest    bool          `json:"rest,omitempty"`    // nothing more is asked of the module; there is no answer
}

// Outcome is what came of a request.
type Outcome struct {
	ID      int          `json:"id"`               // of the request
	Action  string       `json:"action,omitempty"` // of the contract function's answer: continue, deny, ...
	Data    []byte       `json:"data,omitempty"`
	HasData bool         `json:"has_data,omitempty"`
	Handed  int          `json:"handed,omitempty"` // subscriptions that a delivered message reached
	Error   string       `json:"error,omitempty"`  // why there is no answer
	Trap    *engine.Trap `json:"trap,omitempty"`   // how the guest died
	Late    bool         `json:"late,omitempty"`   // its time was over
	RunLoop bool         `json:"run_loop,omitempty"`
	Worn    bool         `json:"worn,omitempty"` // the child should load nothing more
	Record  host.Record  `json:"record"`
	Stdout  string       `json:"stdout,omitempty"` // the end of what it printed, where it prints at all
	Stderr  string       `json:"stderr,omitempty"`
	Millis  float64      `json:"ms"`
	Memory  uint64       `json:"memory"` // most linear memory held at once, in bytes

	Peers []Heard `json:"peers,omitempty"` // what the other capsules on the bus did

	State map[string][]byte `json:"state,omitempty"` // keys and values, at the request's end
}

// why is the error of an outcome, with what it may come from.
func (o *Outcome) why() string {
	why := o.Error
	for _, l := range o.Record.Lacked {
		why += fmt.Sprintf("; %s %s was refused: it needs %s", l.Function, l.What, l.Needs)
	}
	return why
}
