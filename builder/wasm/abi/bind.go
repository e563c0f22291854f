package abi

import (
	"fmt"
	"reflect"
)

// Bound is a plain Go function as a function of a component's host. Its Go form takes the
// parameters and returns, for result<T, E>, (T, error); for result<_, E>, error; else T.
type Bound struct {
	Func    *Func
	fn      reflect.Value
	fails   bool // the result is a result
	carries bool // there is a value beside an error
}

// Bind checks that a Go function stands for a function's type.
func Bind(f *Func, fn any) (*Bound, error) {
	b := &Bound{Func: f, fn: reflect.ValueOf(fn)}
	g := b.fn.Type()
	if g.Kind() != reflect.Func || g.NumIn() != len(f.Params) {
		return nil, fmt.Errorf("%s does not take %d parameters", g, len(f.Params))
	}
	for i, p := range f.Params {
		if err := p.Type.fits(g.In(i)); err != nil {
			return nil, fmt.Errorf("parameter %s: %w", p.Name, err)
		}
	}
	return b, b.bindResult(g)
}

func (b *Bound) bindResult(g reflect.Type) error {
	t, outs := b.Func.Result, g.NumOut()
	if t != nil && t.Kind == Result {
		b.fails = true
		if outs == 0 || g.Out(outs-1) != errorType {
			return fmt.Errorf("%s does not return an error at last", g)
		}
		outs--
		t = t.Parts[0].Type
	}
	switch {
	case t == nil && outs == 0:
		return nil
	case t == nil || outs != 1:
		return fmt.Errorf("%s returns %d values", g, outs)
	}
	b.carries = true
	return t.fits(g.Out(0))
}

// Call calls it with lifted arguments and returns the result's value; nil where there is none.
// A host function that answers with what its type does not have is the error.
func (b *Bound) Call(args []any) (any, error) {
	in := make([]reflect.Value, len(args))
	g := b.fn.Type()
	for i, p := range b.Func.Params {
		in[i] = reflect.New(g.In(i)).Elem()
		p.Type.toGo(args[i], in[i])
	}
	out := b.fn.Call(in)
	t := b.Func.Result
	switch {
	case t == nil:
		return nil, nil
	case !b.fails:
		return t.fromGo(out[0])
	}
	if err, _ := out[len(out)-1].Interface().(error); err != nil {
		if t.Parts[1].Type == nil {
			return Chosen{Case: 1}, nil
		}
		v, bad := t.Parts[1].Type.fault(err)
		return Chosen{1, v}, bad
	}
	if !b.carries {
		return Chosen{}, nil
	}
	v, err := t.Parts[0].Type.fromGo(out[0])
	return Chosen{0, v}, err
}
