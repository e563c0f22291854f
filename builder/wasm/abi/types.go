package abi

import "fmt"

// Kind says what a type is.
type Kind uint8

// The kinds of types that hosts pass. Streams, futures, maps and error contexts are not among
// them: no release of the runtime uses them.
const (
	Bool Kind = iota
	S8
	U8
	S16
	U16
	S32
	U32
	S64
	U64
	F32
	F64
	Char
	String
	List
	Record
	Tuple
	Variant
	Enum
	Option
	Result
	Flags
	Own
	Borrow
)

// Type is the type of a value. It is not changed after Parse has made it.
type Type struct {
	Kind  Kind
	Parts []Part // fields, items, cases, names; the element of a list or option; ok and err of a result
	Name  string // of a resource

	size, align uint32
	flat        int // core values of the flat form
}

// Part is one part of a type. A result has the two parts ok and err, an option none and some.
type Part struct {
	Name string
	Type *Type // nil: a case without a value, or a name
}

// Func is the type of a function.
type Func struct {
	Params []Part
	Result *Type // nil: none
}

// Flat is how many core values the parameters are, when they do not lie in memory.
func (f *Func) Flat() (n int) {
	for _, p := range f.Params {
		n += p.Type.flat
	}
	return n
}

// A value is, by its type's kind: bool; int64 (S8 to S64); uint64 (U8 to U64, and Flags, a
// bit each); float64 (F32, F64); rune (Char); string; []byte (a list of u8); []any (other
// lists, records, tuples); Chosen (variants, enums, options, results); Rep (resources).

// Chosen is a case and its value: of an option, 0 is none and 1 is some; of a result, 0 is ok
// and 1 is err.
type Chosen struct {
	Case  int
	Value any // nil when the case has none
}

// Rep is what a resource of the host is to the host: its number there.
type Rep uint32

// Error is a value that the ABI does not allow.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

func wrong(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }
