package guest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tetratelabs/wazero/api"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// bridge answers a guest's imports with the functions of a world. It implements engine.Host.
type bridge struct {
	world   *host.World
	release *astrid.Release
	table   map[string]map[string]any
	types   map[string]string // of the component's imports, by interface and function
}

func newBridge(w *host.World, r *astrid.Release, plan *reader.Plan) *bridge {
	b := &bridge{world: w, release: r, table: w.Functions(), types: map[string]string{}}
	for _, instance := range plan.Imports {
		for _, item := range instance.Items {
			b.types[instance.Name+"#"+item.Name] = item.Type
		}
	}
	return b
}

// Drop implements engine.Host.
func (b *bridge) Drop(rep uint32) { b.world.Drop(rep) }

// Function implements engine.Host. A function that cannot be answered traps when it is called,
// and says why.
func (b *bridge) Function(g *engine.Guest, f *reader.HostFunction) api.GoModuleFunc {
	c, err := b.bind(g, f)
	if err != nil {
		return func(context.Context, api.Module, []uint64) { panic(err) }
	}
	return c.serve
}

func (b *bridge) bind(g *engine.Guest, f *reader.HostFunction) (*served, error) {
	name := f.Module + "." + f.Function
	bound, _, ok := b.release.Bind(f.Module)
	if !ok {
		return nil, fmt.Errorf("the runtime %s has no %s", b.release.Version, name)
	}
	fn, ok := b.table[bound][f.Function]
	if !ok {
		return nil, fmt.Errorf("the host here has no %s", name)
	}
	typ, err := abi.Parse(b.types[f.Module+"#"+f.Function])
	if err != nil {
		return nil, err
	}
	function, err := abi.Bind(typ, fn)
	if err != nil {
		return nil, fmt.Errorf("%s is imported with another type than the host has: %w", name, err)
	}
	if n := typ.Flat(); !f.Spilled && len(f.Params) < n || f.Spilled && len(f.Params) == 0 {
		return nil, fmt.Errorf("%s is passed %d core values where its type has %d", name, len(f.Params), n)
	}
	iface, _, _ := strings.Cut(f.Module, "@")
	return &served{world: b.world, guest: g, function: f, bound: function, name: iface + "." + f.Function,
		call: abi.Call{Func: typ, Spilled: f.Spilled, Area: f.Area != nil, Params: len(f.Params)}}, nil
}

// served is one import that is answered.
type served struct {
	world    *host.World
	guest    *engine.Guest
	function *reader.HostFunction
	bound    *abi.Bound
	call     abi.Call
	name     string
}

// serve answers a call. What the canonical ABI does not allow is a trap: wazero makes one of
// a panic.
func (s *served) serve(ctx context.Context, _ api.Module, stack []uint64) {
	began := time.Now()
	g := s.lifting()
	args, err := s.call.Lift(g, stack)
	if err != nil {
		panic(fmt.Errorf("%s: %w", s.name, err))
	}
	result, err := s.bound.Call(args)
	if err != nil {
		panic(fmt.Errorf("%s: %w", s.name, err))
	}
	s.world.Note(s.name, func() host.Call { return s.note(args, result, time.Since(began)) })
	if err := s.call.Lower(ctx, g, stack, result); err != nil {
		panic(fmt.Errorf("%s: %w", s.name, err))
	}
	if s.function.Options.Async {
		stack[0] = engine.SubtaskReturned
	}
}

func (s *served) lifting() *abi.Guest {
	o := s.function.Options
	g := &abi.Guest{Encoding: o.Encoding, Handles: s.guest}
	if m := s.guest.Memory(o); m != nil {
		g.Memory = m
	}
	if realloc := s.guest.Realloc(o); realloc != nil {
		g.Realloc = func(ctx context.Context, align, size uint32) (uint32, error) {
			out, err := realloc.Call(ctx, 0, 0, uint64(align), uint64(size))
			if err != nil {
				return 0, err
			}
			if len(out) != 1 {
				return 0, errors.New("its realloc returns no address")
			}
			return uint32(out[0]), nil
		}
	}
	return g
}

func (s *served) note(args []any, result any, took time.Duration) host.Call {
	named := map[string]any{}
	for i, p := range s.call.Func.Params {
		named[p.Name] = p.Type.JSON(args[i])
	}
	c := host.Call{Function: s.name, Args: text(named), Took: took}
	if t := s.call.Func.Result; t != nil {
		c.Answer = text(t.JSON(result))
	}
	return c
}

func text(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		b, _ = json.Marshal(err.Error()) // a number that is none, such as infinity
	}
	return b
}
