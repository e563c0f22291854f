package abi

import "context"

// Call is how a function is called: its type, and where its values lie.
type Call struct {
	Func    *Func
	Spilled bool // the parameters lie in memory, at the address in the first core value
	Area    bool // the result is written to memory, at the address in the last core value
	Async   bool // it is lowered asynchronously: the only core result is a status
	Params  int  // core values that are passed
}

// Lift takes the arguments of a call from the core stack.
func (c *Call) Lift(g *Guest, stack []uint64) ([]any, error) {
	g.budget = Budget
	if int(c.Params) > len(stack) {
		return nil, wrong("%d core values are passed where %d are needed", len(stack), c.Params)
	}
	args := make([]any, len(c.Func.Params))
	if c.Spilled {
		t := &Type{Kind: Tuple, Parts: c.Func.Params}
		t.layOut()
		b, err := g.bytes(uint32(stack[0]), t.size, t.align, "list of parameters")
		if err != nil {
			return nil, err
		}
		values, err := g.loadFields(t, b)
		if err != nil {
			return nil, err
		}
		return values.([]any), nil
	}
	f := &flatten{stack: stack[:c.Params], guest: g}
	for i, p := range c.Func.Params {
		var err error
		if args[i], err = f.lift(p.Type); err != nil {
			return nil, err
		}
	}
	return args, nil
}

// Lower gives the result of a call to the guest.
func (c *Call) Lower(ctx context.Context, g *Guest, stack []uint64, result any) error {
	t := c.Func.Result
	if t == nil {
		return nil
	}
	b := make([]byte, t.size)
	if !c.Area {
		return c.lowerFlat(ctx, g, stack, result)
	}
	if c.Params == 0 || c.Params > len(stack) {
		return wrong("there is no place for the result")
	}
	area := uint32(stack[c.Params-1])
	// Before the guest is asked to allocate: a wrong area is a trap whatever the result is.
	if _, err := g.bytes(area, t.size, t.align, "return area"); err != nil {
		return err
	}
	if err := g.store(ctx, t, result, b); err != nil {
		return err
	}
	if !g.Memory.Write(area, b) {
		return wrong("the return area lies outside the memory")
	}
	return nil
}

// lowerFlat puts a result of one core value on the stack.
func (c *Call) lowerFlat(ctx context.Context, g *Guest, stack []uint64, result any) error {
	t := c.Func.Result
	if t.flat != 1 || len(stack) == 0 {
		return wrong("a result of %d core values has no place", t.flat)
	}
	for t.Kind == Record || t.Kind == Tuple {
		values, ok := result.([]any)
		if !ok || len(values) != 1 {
			return mismatch(t, result)
		}
		t, result = t.Parts[0].Type, values[0]
	}
	if chosen, ok := result.(Chosen); ok {
		stack[0] = uint64(chosen.Case)
		return nil
	}
	v, err := g.core(t, result)
	stack[0] = v
	return err
}
