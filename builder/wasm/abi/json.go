package abi

import (
	"encoding/base64"
	"unicode/utf8"
)

// JSON is a value as encoding/json writes it for a person: records are objects, cases are
// their names or objects of one name, bytes are text where they are some, else base64.
func (t *Type) JSON(v any) any {
	switch t.Kind {
	case List:
		if b, ok := v.([]byte); ok {
			return bytesJSON(b)
		}
		return t.listJSON(v)
	case Record:
		values, _ := v.([]any)
		object := map[string]any{}
		for i, p := range t.Parts[:min(len(values), len(t.Parts))] {
			object[p.Name] = p.Type.JSON(values[i])
		}
		return object
	case Tuple:
		values, _ := v.([]any)
		list := make([]any, len(values))
		for i := range list {
			list[i] = t.Parts[i].Type.JSON(values[i])
		}
		return list
	case Variant, Enum, Option, Result:
		c, _ := v.(Chosen)
		return t.caseJSON(c)
	case Flags:
		bits, _ := v.(uint64)
		names := []string{}
		for i, p := range t.Parts {
			if bits&(1<<i) != 0 {
				names = append(names, p.Name)
			}
		}
		return names
	case Char:
		r, _ := v.(rune)
		return string(r)
	}
	return v
}

func (t *Type) listJSON(v any) any {
	values, _ := v.([]any)
	list := make([]any, len(values))
	for i := range list {
		list[i] = t.Parts[0].Type.JSON(values[i])
	}
	return list
}

func (t *Type) caseJSON(c Chosen) any {
	part := t.Parts[c.Case]
	var value any
	if part.Type != nil {
		value = part.Type.JSON(c.Value)
	}
	switch {
	case t.Kind == Option:
		return value
	case part.Type == nil:
		return part.Name
	}
	return map[string]any{part.Name: value}
}

func bytesJSON(b []byte) any {
	if utf8.Valid(b) {
		return string(b)
	}
	return map[string]any{"base64": base64.StdEncoding.EncodeToString(b)}
}
