package abi

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// How Go types stand for types: bool, sized integers, floats and string for themselves;
// []byte for list<u8>, []T for other lists; a struct for a record, with its fields in order
// (a tag `wit:"name"` where the name is not the field's in kebab case); *T for option<T>; a
// type of the kind string for an enum; Case for a variant; Rep for a resource.

// Case is a case of a variant in Go.
type Case struct {
	Name  string
	Value any // as the case's type says; nil: none
}

// Fault is the error with which a host function answers: a case of its error type.
type Fault struct {
	Name  string
	Value any // what the case carries: a string for unknown, or a Rep
}

func (f *Fault) Error() string {
	if s, ok := f.Value.(string); ok {
		return f.Name + ": " + s
	}
	return f.Name
}

var (
	caseType  = reflect.TypeFor[Case]()
	repType   = reflect.TypeFor[Rep]()
	errorType = reflect.TypeFor[error]()
)

var goKinds = map[Kind]reflect.Kind{Bool: reflect.Bool, S8: reflect.Int8, S16: reflect.Int16, S32: reflect.Int32, S64: reflect.Int64,
	U8: reflect.Uint8, U16: reflect.Uint16, U32: reflect.Uint32, U64: reflect.Uint64, F32: reflect.Float32, F64: reflect.Float64,
	Char: reflect.Int32, String: reflect.String, Enum: reflect.String}

// fits says why a Go type does not stand for a type; nil when it does.
func (t *Type) fits(g reflect.Type) error {
	bad := fmt.Errorf("the Go type %s does not stand for the kind %d", g, t.Kind)
	ok := false
	switch t.Kind {
	case List:
		if g.Kind() != reflect.Slice {
			return bad
		}
		return t.Parts[0].Type.fits(g.Elem())
	case Option:
		if g.Kind() != reflect.Pointer {
			return bad
		}
		return t.Parts[1].Type.fits(g.Elem())
	case Record:
		return t.fitsStruct(g)
	case Variant:
		ok = g == caseType
	case Own, Borrow:
		ok = g == repType
	case Tuple, Result, Flags:
		return bad // no host function passes one beside its own result
	default:
		ok = g.Kind() == goKinds[t.Kind] && g != repType
	}
	if !ok {
		return bad
	}
	return nil
}

func (t *Type) fitsStruct(g reflect.Type) error {
	if g.Kind() != reflect.Struct || g.NumField() != len(t.Parts) {
		return fmt.Errorf("the Go type %s is no struct of %d fields", g, len(t.Parts))
	}
	for i, p := range t.Parts {
		field := g.Field(i)
		if name := fieldName(field); name != p.Name {
			return fmt.Errorf("field %d of %s is %s, not %s", i, g, name, p.Name)
		}
		if err := p.Type.fits(field.Type); err != nil {
			return fmt.Errorf("field %s: %w", p.Name, err)
		}
	}
	return nil
}

// fieldName is the name that a field stands for.
func fieldName(f reflect.StructField) string {
	if name := f.Tag.Get("wit"); name != "" {
		return name
	}
	var b strings.Builder
	for i, r := range f.Name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// toGo sets a Go value that fits.
func (t *Type) toGo(v any, to reflect.Value) {
	switch t.Kind {
	case List:
		t.listToGo(v, to)
	case Option:
		if c := v.(Chosen); c.Case == 1 {
			to.Set(reflect.New(to.Type().Elem()))
			t.Parts[1].Type.toGo(c.Value, to.Elem())
		}
	case Record:
		for i, p := range t.Parts {
			p.Type.toGo(v.([]any)[i], to.Field(i))
		}
	case Variant:
		c := v.(Chosen)
		part := t.Parts[c.Case]
		to.Set(reflect.ValueOf(Case{Name: part.Name, Value: c.Value}))
	case Enum:
		to.SetString(t.Parts[v.(Chosen).Case].Name)
	default:
		to.Set(reflect.ValueOf(v).Convert(to.Type()))
	}
}

func (t *Type) listToGo(v any, to reflect.Value) {
	if b, ok := v.([]byte); ok {
		to.SetBytes(b)
		return
	}
	values := v.([]any)
	to.Set(reflect.MakeSlice(to.Type(), len(values), len(values)))
	for i, v := range values {
		t.Parts[0].Type.toGo(v, to.Index(i))
	}
}

// fromGo is the value of a Go value that fits.
func (t *Type) fromGo(from reflect.Value) (any, error) {
	switch t.Kind {
	case Bool:
		return from.Bool(), nil
	case S8, S16, S32, S64:
		return from.Int(), nil
	case U8, U16, U32, U64:
		return from.Uint(), nil
	case F32, F64:
		return from.Float(), nil
	case Char:
		return rune(from.Int()), nil
	case String:
		// What a machine's files and answers say need not be text; a guest is given text.
		return strings.ToValidUTF8(from.String(), "\ufffd"), nil
	case List:
		return t.listFromGo(from)
	case Option:
		if from.IsNil() {
			return Chosen{}, nil
		}
		v, err := t.Parts[1].Type.fromGo(from.Elem())
		return Chosen{1, v}, err
	case Record:
		values := make([]any, len(t.Parts))
		for i, p := range t.Parts {
			var err error
			if values[i], err = p.Type.fromGo(from.Field(i)); err != nil {
				return nil, err
			}
		}
		return values, nil
	case Enum:
		return t.named(from.String(), nil)
	case Variant:
		c := from.Interface().(Case)
		return t.named(c.Name, c.Value)
	case Own, Borrow:
		return from.Interface().(Rep), nil
	}
	return nil, fmt.Errorf("a value of the kind %d has no Go type", t.Kind)
}

func (t *Type) listFromGo(from reflect.Value) (any, error) {
	if t.Parts[0].Type.Kind == U8 {
		return from.Bytes(), nil
	}
	values := make([]any, from.Len())
	for i := range values {
		var err error
		if values[i], err = t.Parts[0].Type.fromGo(from.Index(i)); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// named is the case of a name, with a Go value that fits it.
func (t *Type) named(name string, value any) (any, error) {
	for i, p := range t.Parts {
		if p.Name != name {
			continue
		}
		if p.Type == nil {
			return Chosen{Case: i}, nil
		}
		if value == nil {
			return nil, fmt.Errorf("the case %s lacks its value", name)
		}
		if err := p.Type.fits(reflect.TypeOf(value)); err != nil {
			return nil, fmt.Errorf("the case %s: %w", name, err)
		}
		v, err := p.Type.fromGo(reflect.ValueOf(value))
		return Chosen{i, v}, err
	}
	return nil, fmt.Errorf("there is no case %s", name)
}

// fault is the value of a host function's error: a Fault's case, and any other error as
// unknown, where there is such a case.
func (t *Type) fault(err error) (any, error) {
	var f *Fault
	if errors.As(err, &f) {
		return t.named(f.Name, f.Value)
	}
	return t.named("unknown", err.Error())
}
