package component

// Layout is how a value of a type lies in linear memory, in bytes, and how it is flattened
// to core values.
type Layout struct {
	Size, Align uint32
	// Flat is the flattened core types, at most MaxFlatParams+1 of them: more never matter.
	Flat []CoreValType
}

// The most core values that parameters and results are passed in before they go through memory.
const (
	MaxFlatParams      = 16
	MaxFlatAsyncParams = 4
	MaxFlatResults     = 1
)

// Signature is the core form of a component function under the canonical ABI.
type Signature struct {
	Params, Results []CoreValType
	// ParamArea is the tuple of parameters in memory when there are more than
	// MaxFlatParams flat ones (the sole parameter is then its address); nil otherwise.
	ParamArea *Layout
	// ResultArea is the result in memory when it flattens to more than one value; nil
	// otherwise. Lowered: the last parameter is its address, and the callee fills it. Lifted:
	// the function returns its address.
	ResultArea *Layout
}

// Layout returns how values of the type are represented. It is zero for types that have no
// values (func, component, instance, resource).
func (t *Type) Layout() Layout { return t.layout }

// Lower returns the core signature that a guest imports the function with.
func (f *FuncType) Lower() Signature { return f.signature(MaxFlatParams, true) }

// LowerAsync returns the core signature that a guest imports the function with when the async
// option is given: the function returns a status, the result always goes through memory.
func (f *FuncType) LowerAsync() Signature {
	s := f.signature(MaxFlatAsyncParams, true)
	if f.Result != nil && s.ResultArea == nil {
		l := f.Result.layout
		s.ResultArea, s.Params = &l, append(s.Params, I32)
	}
	s.Results = []CoreValType{I32}
	return s
}

// Lift returns the core signature that a guest exports the function with.
func (f *FuncType) Lift() Signature { return f.signature(MaxFlatParams, false) }

// LiftAsync returns the core signature that a guest exports the function with when the async
// option is given; the result then goes through task.return.
func (f *FuncType) LiftAsync(callback bool) Signature {
	s := (&FuncType{Params: f.Params}).signature(MaxFlatParams, false)
	if callback {
		s.Results = []CoreValType{I32}
	}
	return s
}

// signature flattens parameters and result.
func (f *FuncType) signature(most int, lower bool) (s Signature) {
	params, _ := sequence(f.Params)
	if s.Params = params.Flat; len(s.Params) > most {
		s.Params, s.ParamArea = []CoreValType{I32}, &params
	}
	if f.Result == nil {
		return s
	}
	result := f.Result.layout
	switch {
	case len(result.Flat) <= MaxFlatResults:
		s.Results = result.Flat
	case lower:
		s.ResultArea, s.Params = &result, append(s.Params, I32)
	default:
		s.ResultArea, s.Results = &result, []CoreValType{I32}
	}
	return s
}
