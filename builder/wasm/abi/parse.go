package abi

import (
	"fmt"
	"strings"
)

// maxDepth bounds how deep types lie in each other; the deepest of a host's has six levels.
const maxDepth = 64

var primitives = map[string]Kind{"bool": Bool, "s8": S8, "u8": U8, "s16": S16, "u16": U16, "s32": S32, "u32": U32,
	"s64": S64, "u64": U64, "f32": F32, "f64": F64, "char": Char, "string": String}

// Parse reads a function's type from the reader's canonical text, such as
// "func(key: string) -> result<option<list<u8>>, variant{a, b(string)}>". The error says what
// in it is not known.
func Parse(text string) (*Func, error) {
	p := &parser{rest: strings.TrimPrefix(text, "async ")}
	f, err := p.function()
	if err == nil && p.rest != "" {
		err = fmt.Errorf("%q is left over", p.rest)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the type %.80q: %w", text, err)
	}
	return f, nil
}

type parser struct {
	rest  string
	depth int
}

func (p *parser) take(s string) bool {
	rest, ok := strings.CutPrefix(p.rest, s)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *parser) expect(s string) error {
	if !p.take(s) {
		return fmt.Errorf("%q is expected before %.40q", s, p.rest)
	}
	return nil
}

// word takes a name: all up to what ends one.
func (p *parser) word() string {
	end := strings.IndexAny(p.rest, " ,:(){}<>")
	if end < 0 {
		end = len(p.rest)
	}
	w := p.rest[:end]
	p.rest = p.rest[end:]
	return w
}

func (p *parser) function() (*Func, error) {
	if err := p.expect("func("); err != nil {
		return nil, err
	}
	params, err := p.list(")", p.field)
	if err != nil {
		return nil, err
	}
	f := &Func{Params: params}
	if p.take(" -> ") {
		f.Result, err = p.value()
	}
	return f, err
}

// list takes parts that commas divide, and what ends them.
func (p *parser) list(end string, one func() (Part, error)) (parts []Part, err error) {
	for !p.take(end) {
		if len(parts) > 0 {
			if err := p.expect(", "); err != nil {
				return nil, err
			}
		}
		part, err := one()
		if err != nil {
			return nil, err
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// field takes "name: type".
func (p *parser) field() (Part, error) {
	name := p.word()
	if err := p.expect(": "); err != nil {
		return Part{}, err
	}
	t, err := p.value()
	return Part{name, t}, err
}

// item takes a type without a name, or "_" for none.
func (p *parser) item() (Part, error) {
	if p.take("_") {
		return Part{}, nil
	}
	t, err := p.value()
	return Part{"", t}, err
}

// choice takes "name" or "name(type)".
func (p *parser) choice() (Part, error) {
	part := Part{Name: p.word()}
	if part.Name == "" {
		return part, fmt.Errorf("a name is expected before %q", p.rest)
	}
	if !p.take("(") {
		return part, nil
	}
	var err error
	if part.Type, err = p.value(); err != nil {
		return part, err
	}
	return part, p.expect(")")
}

func (p *parser) value() (*Type, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, fmt.Errorf("it is deeper than %d levels", maxDepth)
	}
	defer func() { p.depth-- }()
	word := p.word()
	if kind, ok := primitives[word]; ok {
		return made(&Type{Kind: kind})
	}
	switch {
	case word == "result":
		return p.result()
	case p.take("{"):
		return p.braced(word)
	case p.take("<"):
		return p.bracketed(word)
	}
	return nil, fmt.Errorf("the type %q is not known", word)
}

func (p *parser) braced(word string) (*Type, error) {
	kind, ok := map[string]Kind{"record": Record, "variant": Variant, "enum": Enum, "flags": Flags}[word]
	if !ok {
		return nil, fmt.Errorf("the type %q is not known", word)
	}
	one := p.choice
	if kind == Record {
		one = p.field
	}
	parts, err := p.list("}", one)
	if err != nil {
		return nil, err
	}
	return made(&Type{Kind: kind, Parts: parts})
}

func (p *parser) bracketed(word string) (*Type, error) {
	if word == "own" || word == "borrow" {
		t := &Type{Kind: map[string]Kind{"own": Own, "borrow": Borrow}[word]}
		var closed bool
		if t.Name, p.rest, closed = strings.Cut(p.rest, ">"); !closed {
			return nil, fmt.Errorf("the resource %q does not end", t.Name)
		}
		return made(t)
	}
	parts, err := p.list(">", p.item)
	if err != nil {
		return nil, err
	}
	switch {
	case word == "list" && len(parts) == 1:
		return made(&Type{Kind: List, Parts: parts})
	case word == "option" && len(parts) == 1:
		return made(&Type{Kind: Option, Parts: []Part{{Name: "none"}, {"some", parts[0].Type}}})
	case word == "tuple" && len(parts) > 0:
		return made(&Type{Kind: Tuple, Parts: parts})
	}
	return nil, fmt.Errorf("the type %s of %d parts is not known", word, len(parts))
}

func (p *parser) result() (*Type, error) {
	t := &Type{Kind: Result, Parts: []Part{{Name: "ok"}, {Name: "err"}}}
	if !p.take("<") {
		return made(t)
	}
	parts, err := p.list(">", p.item)
	if err == nil && (len(parts) == 0 || len(parts) > 2) {
		err = fmt.Errorf("a result has one type or two, not %d", len(parts))
	}
	if err != nil {
		return nil, err
	}
	for i, part := range parts {
		t.Parts[i].Type = part.Type
	}
	return made(t)
}

// made checks a type whose parts are there, and lays it out.
func made(t *Type) (*Type, error) {
	needs := t.Kind == List || t.Kind == Record || t.Kind == Tuple
	for i, p := range t.Parts {
		if p.Type == nil && (needs || t.Kind == Option && i == 1) {
			return nil, fmt.Errorf("a part of a type has no type itself")
		}
		if p.Type != nil && (t.Kind == Enum || t.Kind == Flags) {
			return nil, fmt.Errorf("the name %q has a type", p.Name)
		}
	}
	switch {
	case len(t.Parts) == 0 && t.Kind >= Record && t.Kind <= Flags:
		return nil, fmt.Errorf("a type has no parts")
	case t.Kind == Flags && len(t.Parts) > 32:
		return nil, fmt.Errorf("there are more than 32 flags")
	}
	t.layOut()
	return t, nil
}
