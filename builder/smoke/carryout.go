package smoke

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// carryOut does the plan's steps in order.
func (l *live) carryOut(ctx context.Context, p *reader.Plan) error {
	l.items = map[string]map[uint32]reader.Place{}
	if err := l.provideHost(ctx, p); err != nil {
		return err
	}
	count := 0
	for i := range p.Steps {
		s := &p.Steps[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.Op != "instantiate" {
			if l.items[s.Op] == nil {
				l.items[s.Op] = map[uint32]reader.Place{}
			}
			l.items[s.Op][s.Index] = *s.Item
			continue
		}
		l.work.enter("compiling it and running its start function")
		if l.isComponent && s.Module != nil {
			count++
			l.work.enter(fmt.Sprintf("starting core instance %d of it", count))
		}
		instance, err := l.sandbox.guarded(func() (api.Module, error) { return l.sandbox.load(ctx, s.Code) })
		if err != nil {
			return err
		}
		l.sandbox.instances[s.Key] = instance
	}
	return nil
}

// provideHost makes the functions of the host, and those of the engine that adapters call.
func (l *live) provideHost(ctx context.Context, p *reader.Plan) error {
	functions := make([]hostFunc, 0, len(p.Host))
	for i := range p.Host {
		f := &p.Host[i]
		t := funcType{params: valueTypes(f.Params), results: valueTypes(f.Results)}
		functions = append(functions, hostFunc{name: f.Name, typ: t, action: l.action(f, t)})
	}
	if len(functions) > 0 {
		if err := l.sandbox.provide(ctx, reader.HostKey, functions); err != nil {
			return fmt.Errorf("providing the host's functions: %w", err)
		}
	}
	if !l.isComponent {
		return nil
	}
	if err := l.sandbox.provide(ctx, reader.IntrinsicKey, l.intrinsics()); err != nil {
		return fmt.Errorf("providing the engine's functions: %w", err)
	}
	return nil
}
