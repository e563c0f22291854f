package host

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// World is a host for one capsule. It is used by one goroutine.
type World struct {
	options    Options
	book       book
	bus        bus
	random     *rand.ChaCha8
	elapsed    time.Duration // what the clock has moved
	values     map[string][]byte
	cwd        tree
	home       tree
	tmp        tree
	secrets    map[string]string
	approved   []string // actions that need no asking any more
	people     []person
	links      []link
	registered map[string]uplink
	programs   []*program // that outlive an instance
	resources  map[uint32]any
	last       uint32   // resource
	message    *Message // that is being handled; nil: none
	bindings   []interceptorBinding
	window     struct { // in which publications are counted
		began time.Duration
		bytes int
	}
	wait      func(Signal)
	tell      func(Message)
	answered  map[*Exchange]bool     // of Options.HTTP
	connected map[*Conversation]bool // of Options.TCP
	talks     []*Conversation        // that are recorded
	talked    int                    // bytes of them
	hosts     map[string][]string    // that are recorded
	hidden    bool                   // the answer of the call under way is a secret
}

// Signal is why a guest that runs on gives way.
type Signal struct {
	Ready bool          // it signalled that it is ready
	Idle  bool          // it waits
	For   time.Duration // at most so long, of the world's time
}

// Wait tells whoever runs the guest; it may hand messages to the world before it returns.
func (w *World) Wait(s Signal) {
	if w.wait != nil {
		w.wait(s)
	}
}

// OnWait sets who is told when the guest waits; nil is nobody.
func (w *World) OnWait(wait func(Signal)) { w.wait = wait }

// OnPublish sets who is told of each publication; nil is nobody.
func (w *World) OnPublish(tell func(Message)) { w.tell = tell }

// Bind has the guest find its handlers listed, as the runtime lists them for a run loop and for
// nothing else.
func (w *World) Bind() {
	w.bindings = nil
	for _, s := range w.options.Subscribe {
		if s.Handler != "" {
			w.bindings = append(w.bindings, interceptorBinding{uint64(len(w.bindings)), s.Handler, s.Pattern})
		}
	}
}

// Handle sets the message that the guest is called for.
func (w *World) Handle(m *Message) { w.message = m }

// Deliver hands a message to the guest's subscriptions, and says to how many.
func (w *World) Deliver(m Message) int { return w.bus.deliver(m) }

// Principal is in whose name the guest acts.
func (w *World) principal() string {
	if w.message != nil && w.message.Principal != "" {
		return w.message.Principal
	}
	return w.options.Caller.Principal
}

// New makes a world. The error is a folder or a fixture that cannot be used. Close frees it.
func New(o Options) (*World, error) {
	if o.Clock == 0 {
		o.Clock = StartClock
	}
	if o.Caller.Principal == "" {
		o.Caller.Principal = DefaultPrincipal
	}
	w := &World{options: o, values: maps.Clone(o.State), resources: map[uint32]any{}, answered: map[*Exchange]bool{}, connected: map[*Conversation]bool{}, hosts: map[string][]string{}, secrets: map[string]string{}, registered: map[string]uplink{}}
	if w.values == nil {
		w.values = map[string][]byte{}
	}
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], o.Seed)
	w.random = rand.NewChaCha8(seed)
	return w, w.fill()
}

// fill opens the folder below cwd://, and puts the fixtures into place.
func (w *World) fill() error {
	if w.options.Cwd != "" {
		root, err := os.OpenRoot(w.options.Cwd)
		if err != nil {
			return err
		}
		w.cwd.base = root
	}
	for name, data := range w.options.Files {
		p, err := w.resolve(name)
		if err == nil && p.rel == "" {
			err = errFolder
		}
		if parent, _, ok := cutLast(p.rel); err == nil && ok {
			err = p.tree.makeAll(parent)
		}
		if err == nil {
			err = p.tree.write(p.rel, data)
		}
		if err != nil {
			return fmt.Errorf("the fixture %s: %w", name, err)
		}
	}
	for _, t := range []*tree{&w.cwd, &w.home, &w.tmp} {
		for _, n := range t.nodes {
			n.fixture = true
		}
	}
	return nil
}

// Close ends all that the guest has left open, and frees the folder below cwd://.
func (w *World) Close() {
	w.Reset()
	for _, o := range w.programs {
		o.Close()
	}
	w.programs = nil
	if w.cwd.base != nil {
		w.cwd.base.Close()
	}
}

// Record returns what the guest did since the last call of it.
func (w *World) Record() Record {
	r := w.book.take()
	r.Conversations, r.Hosts = w.conversations(), maps.Clone(w.hosts)
	r.Files = slices.Concat(w.cwd.changed("cwd://"), w.home.changed("home://"), w.tmp.changed("/tmp/"))
	return r
}

// recording is a conversation that is being recorded.
func (w *World) recording(c Conversation) *Conversation {
	w.talks = append(w.talks, &c)
	return &c
}

// conversations are those that were recorded since the world began.
func (w *World) conversations() (list []Conversation) {
	for _, c := range w.talks {
		one := *c
		one.Turns = slices.Clone(c.Turns)
		list = append(list, one)
	}
	return list
}

// Logged are the lines that the guest has logged since the last record.
func (w *World) Logged() []Log { return w.book.record.Logs }

// State are the keys and values that the capsule has stored. The caller may keep it as long as
// no guest runs.
func (w *World) State() map[string][]byte { return w.values }

// Note records a call of a function of the host; its values where that is asked for.
func (w *World) Note(function string, c func() Call) {
	w.book.use(function)
	if w.options.Trace {
		call := c()
		if w.hidden {
			call.Answer = json.RawMessage(`"(a secret)"`)
		}
		w.book.call(call)
	}
	w.hidden = false
}

// Drop ends a resource.
func (w *World) Drop(rep uint32) {
	switch r := w.resources[rep].(type) {
	case *subscription:
		delete(w.bus.subscriptions, r)
	case io.Closer:
		r.Close()
	}
	delete(w.resources, rep)
}

// Reset ends all resources: their guest is gone.
func (w *World) Reset() {
	for rep := range w.resources {
		w.Drop(rep)
	}
	w.bus.reset()
}

// maxResources is how many a guest may hold at once; the runtime's own table ends there or
// before (wasmtime's handles have 28 bits, and each kind a quota far below).
const maxResources = 1 << 16

func (w *World) add(resource any) (abi.Rep, bool) {
	if len(w.resources) >= maxResources {
		return 0, false
	}
	w.last++
	w.resources[w.last] = resource
	return abi.Rep(w.last), true
}

// get is the resource of a number; ok is false when it is of another kind, or gone.
func get[T any](w *World, rep abi.Rep) (resource T, ok bool) {
	resource, ok = w.resources[uint32(rep)].(T)
	return resource, ok
}

// denied records what was asked for without a declaration, and is the error.
func (w *World) denied(function, what, needs string) error {
	w.book.lack(Lack{Function: function, What: what, Needs: needs})
	return fail("capability-denied")
}

// now is the wall clock in milliseconds since 1970. Every look at a clock moves it by a
// millisecond: a guest that waits for time to pass sees it pass.
func (w *World) now() int64 {
	w.elapsed += time.Millisecond
	return w.options.Clock + w.elapsed.Milliseconds()
}

// stamp is the wall clock as text.
func (w *World) stamp() string {
	return time.UnixMilli(w.options.Clock + w.elapsed.Milliseconds()).UTC().Format("2006-01-02T15:04:05.000+00:00")
}

// quoted is how a declaration is written in a manifest.
func quoted(table, pattern string) string {
	return "[" + table + "] \"" + strings.ReplaceAll(pattern, `"`, `\"`) + "\""
}

// Pending reports whether a message waits for one of the guest's subscriptions.
func (w *World) Pending() bool { return w.bus.pending() }

// uuid is a new identity, from the world's own randomness.
func (w *World) uuid() string {
	var b [16]byte
	_, _ = w.random.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// uuidForm is what every identity looks like.
var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
