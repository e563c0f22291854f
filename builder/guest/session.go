package guest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/slim"
)

// session is a module that has been loaded. One goroutine uses it.
type session struct {
	options Options
	key     string // of what is kept of it
	reading *reader.Reading
	sandbox *engine.Sandbox
	world   *host.World
	bridge  *bridge
	guest   *engine.Guest // nil: none has been started, or the last one died
	loop    *loop         // its run export, when it has a real one
	out     [2]tail       // what it prints
	bus     *bus          // between it and its peers; nil: it is alone, or itself a peer
}

// load reads, plans and starts nothing yet: the first call does.
func load(ctx context.Context, path string, o Options) (*session, error) {
	module, err := engine.ReadModule(path)
	if err != nil {
		return nil, err
	}
	return loaded(ctx, module, o, slim.Left{}, nil, nil)
}

// loaded is load of a module that was read, of which left is not there. watch is told which functions run, and kept has what was made
// of the newest one; both may be nil.
func loaded(ctx context.Context, module []byte, o Options, left slim.Left, watch engine.Watch, kept *engine.Kept) (*session, error) {
	o.Limits = o.Limits.withDefaults()
	release, err := releaseOf(o)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%x, by %s, within %d bytes, checked: %v", left.Key, release.Version, o.Limits.Memory, o.Checked)
	reading, before := kept.Take(key)
	if reading == nil {
		q := engine.Request(release.Features)
		q.Known, q.Checked = left.Known, o.Checked
		if reading, err = read(ctx, module, q); err != nil {
			return nil, err
		}
	}
	world, err := host.New(o.Host)
	if err != nil {
		return nil, err
	}
	s := &session{options: o, key: key, reading: reading, world: world}
	s.bridge = newBridge(s.world, release, reading.Plan)
	s.sandbox, err = engine.Renew(ctx, before, engine.Config{Memory: o.Limits.Memory, Compile: o.Compile, Stdout: &s.out[0], Stderr: &s.out[1], Host: s.bridge, Watch: watch, Lines: o.Lines, Data: left.Segments, Unplaced: left.Known != nil})
	return s, err
}

func releaseOf(o Options) (*astrid.Release, error) {
	if o.Runtime == "" {
		return astrid.Newest(), nil
	}
	return astrid.Find(o.Runtime)
}

// read reads a component, or makes one of a core module that carries its world.
func read(ctx context.Context, module []byte, q reader.Request) (*reader.Reading, error) {
	r, err := reader.Shared()
	if err != nil {
		return nil, err
	}
	reading, err := r.Read(ctx, module, q)
	if err == nil && reading.Kind == reader.Core && reading.Wrappable {
		if module, err = r.Wrap(ctx, module); err == nil {
			q.Known, q.Checked = nil, false // this is another file
			reading, err = r.Read(ctx, module, q)
		}
	}
	if err != nil {
		return nil, err
	}
	return reading, runnable(reading)
}

// runnable says why a module cannot be called here; nil when it can.
func runnable(r *reader.Reading) error {
	switch {
	case r.Fault != nil:
		return fmt.Errorf("it is not valid: %s at byte %d", r.Fault.Message, r.Fault.Offset)
	case r.Kind != reader.Component:
		return errors.New("it is a core module, and the runtime calls components only")
	case len(r.Beyond) > 0:
		return fmt.Errorf("it needs %s, which this sandbox cannot run", strings.Join(r.Beyond, ", "))
	case r.Plan == nil:
		return fmt.Errorf("the runtime could not start it: %s", r.PlanFault)
	}
	return nil
}

func (s *session) runLoop() bool { return slices.Contains(s.reading.Real, "run") }

// enter ends the instance and its world, and makes another world.
func (s *session) enter(o host.Options) error {
	world, err := host.New(o)
	if err != nil {
		world.Close()
		return err
	}
	s.end()
	s.world.Close()
	s.world = world
	s.bridge.world, s.bridge.table = world, world.Functions()
	return nil
}

func (s *session) perform(ctx context.Context, q request, o *Outcome) error {
	if err := s.started(ctx); err != nil {
		return err
	}
	if s.loop != nil {
		return s.loop.perform(ctx, q, o)
	}
	if q.Action == "" {
		return nil // to be started was all
	}
	a, err := s.call(ctx, q.Action, q.Payload, q.Message)
	if err != nil {
		return err
	}
	o.Action, o.Data, o.HasData = a.Action, a.Data, a.HasData
	return nil
}

// call calls the contract function with an action, for a message, which may be nil.
func (s *session) call(ctx context.Context, action string, payload []byte, m *host.Message) (*engine.Answer, error) {
	defer s.guest.Within(ctx)()
	t, err := s.guest.Trigger(s.reading)
	if err != nil {
		return nil, err
	}
	s.world.Handle(m)
	defer s.world.Handle(nil)
	return t.Call(ctx, action, payload, maxAnswer)
}

// started makes an instance where there is none. The runtime does not use one again that
// has trapped.
func (s *session) started(ctx context.Context) (err error) {
	if s.guest != nil {
		return nil
	}
	s.world.Reset()
	if s.guest, err = s.sandbox.Start(ctx, s.reading); err != nil {
		return fmt.Errorf("starting it: %w", err)
	}
	if s.runLoop() {
		s.world.Bind()
		s.loop, err = begin(ctx, s)
	}
	return err
}

// said is what the guest printed and logged: a runtime of its own may have told there where it failed.
func (s *session) said() string {
	var b strings.Builder
	for i := range s.out {
		b.Write(s.out[i].b)
		b.WriteByte('\n')
	}
	for _, l := range s.world.Logged() {
		b.WriteString(l.Message)
		b.WriteByte('\n')
	}
	return b.String()
}

// end ends the instance; the next request has a new one. What is stored stays.
func (s *session) end() {
	if s.loop != nil {
		s.loop.end()
		s.loop = nil
	}
	if s.guest != nil {
		s.guest.Close()
		s.guest = nil
	}
}

// close frees all of it.
func (s *session) close() {
	s.end()
	s.world.Close()
	s.sandbox.Close()
}

// keep ends it, after all went well, and keeps what the next one needs that is the same but for its data.
func (s *session) keep(kept *engine.Kept) {
	s.end()
	s.world.Close()
	kept.Keep(s.key, s.reading, s.sandbox)
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

// keptOutput is how much: a panic with its stack.
const keptOutput = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p[max(0, len(p)-keptOutput):]...)
	if len(t.b) > 2*keptOutput {
		t.b = append(t.b[:0], t.b[len(t.b)-keptOutput:]...)
	}
	return len(p), nil
}

func (t *tail) take() string {
	s := string(t.b[max(0, len(t.b)-keptOutput):])
	t.b = nil
	return s
}
