package engine

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// Start brings a module to life as its plan says, and ends with ctx; see Within for the calls
// after it. What it gives back is there beside an error too: what was started until then. A
// sandbox has one guest at a time.
func (s *Sandbox) Start(ctx context.Context, reading *reader.Reading) (*Guest, error) {
	g := &Guest{sandbox: s, plan: reading.Plan, isComponent: reading.Kind == reader.Component,
		instances: map[string]api.Module{}, items: map[string]map[uint32]reader.Place{}}
	defer g.release()
	return g, g.carryOut(g.context(ctx))
}

// carryOut does the plan's steps in order.
func (g *Guest) carryOut(ctx context.Context) error {
	if err := g.provideHost(ctx); err != nil {
		return err
	}
	count := 0
	for i := range g.plan.Steps {
		s := &g.plan.Steps[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.Op != "instantiate" {
			if g.items[s.Op] == nil {
				g.items[s.Op] = map[uint32]reader.Place{}
			}
			g.items[s.Op][s.Index] = *s.Item
			continue
		}
		g.sandbox.enter("compiling it and running its start function")
		if g.isComponent && s.Module != nil {
			count++
			g.sandbox.enter(fmt.Sprintf("starting core instance %d of it", count))
		}
		instance, err := g.sandbox.guarded(func() (api.Module, error) { return g.sandbox.load(ctx, s.Start, s.Code) })
		if err != nil {
			return err
		}
		if s.Module != nil {
			if err := g.sandbox.config.Data.write(*s.Module, instance); err != nil {
				return err
			}
		}
		g.instances[s.Key] = instance
		g.keep(ctx, instance)
	}
	return nil
}

// provideHost makes the functions of the host, and those of the engine that adapters call.
func (g *Guest) provideHost(ctx context.Context) error {
	functions := make([]hostFunc, 0, len(g.plan.Host))
	for i := range g.plan.Host {
		f := &g.plan.Host[i]
		t := funcType{params: valueTypes(f.Params), results: valueTypes(f.Results)}
		functions = append(functions, hostFunc{name: f.Name, typ: t, action: g.action(f, t)})
	}
	if len(functions) > 0 {
		if err := g.provide(ctx, reader.HostKey, functions); err != nil {
			return fmt.Errorf("providing the host's functions: %w", err)
		}
	}
	if !g.isComponent {
		return nil
	}
	if err := g.provide(ctx, reader.IntrinsicKey, g.intrinsics()); err != nil {
		return fmt.Errorf("providing the engine's functions: %w", err)
	}
	return nil
}

func (g *Guest) provide(ctx context.Context, key string, functions []hostFunc) error {
	m, err := g.sandbox.provide(ctx, key, functions)
	if err == nil {
		g.provided = append(g.provided, m)
	}
	return err
}
