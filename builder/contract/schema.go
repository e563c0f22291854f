package contract

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
)

// schema is what of a JSON Schema of a tool's arguments callers go by.
type schema struct {
	Type       any                        `json:"type"`
	Properties map[string]json.RawMessage `json:"properties"`
	Required   []string                   `json:"required"`
	Additional any                        `json:"additionalProperties"`
	Enum       []any                      `json:"enum"`
}

// schemas says what callers of a tool notice: was and is are schemas of its arguments.
func schemas(was, is json.RawMessage, say func(level Level, text string)) {
	var a, b schema
	if json.Unmarshal(orEmpty(was), &a) != nil || json.Unmarshal(orEmpty(is), &b) != nil {
		say(Breaking, "has a schema that cannot be compared")
		return
	}
	for _, name := range slices.Sorted(maps.Keys(a.Properties)) {
		now, there := b.Properties[name]
		switch {
		case !there:
			say(Breaking, "no longer takes "+name)
		default:
			property(name, a.Properties[name], now, say)
		}
		if there && slices.Contains(b.Required, name) && !slices.Contains(a.Required, name) {
			say(Breaking, "now asks for "+name)
		}
		if there && !slices.Contains(b.Required, name) && slices.Contains(a.Required, name) {
			say(Addition, "no longer asks for "+name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(b.Properties)) {
		if _, was := a.Properties[name]; was {
			continue
		}
		if slices.Contains(b.Required, name) {
			say(Breaking, "now asks for "+name)
		} else {
			say(Addition, "takes "+name+" as well")
		}
	}
	if a.Additional != false && b.Additional == false {
		say(Breaking, "no longer takes arguments that it does not name")
	}
}

// property compares one argument. Words that explain it are for people.
func property(name string, was, is json.RawMessage, say func(level Level, text string)) {
	var a, b schema
	if json.Unmarshal(was, &a) != nil || json.Unmarshal(is, &b) != nil || !reflect.DeepEqual(a.Type, b.Type) {
		say(Breaking, "takes another type as "+name)
		return
	}
	if len(b.Enum) > 0 && (len(a.Enum) == 0 || slices.ContainsFunc(a.Enum, func(v any) bool { return !has(b.Enum, v) })) {
		say(Breaking, "takes fewer values as "+name)
	} else if !reflect.DeepEqual(a.Enum, b.Enum) {
		say(Addition, "takes more values as "+name)
	}
	if len(a.Properties)+len(b.Properties) > 0 {
		schemas(was, is, func(level Level, text string) { say(level, text+" in "+name) })
	}
	if len(a.Properties)+len(b.Properties) == 0 && !reflect.DeepEqual(bare(was), bare(is)) {
		say(Breaking, "takes something else as "+name)
	}
}

func has(list []any, v any) bool {
	return slices.ContainsFunc(list, func(o any) bool { return reflect.DeepEqual(o, v) })
}

// bare is a schema without what is for people, and without what was compared already.
func bare(data json.RawMessage) any {
	var v map[string]any
	if json.Unmarshal(data, &v) != nil {
		return string(data)
	}
	for _, key := range []string{"title", "description", "examples", "default", "$schema", "$comment", "type", "enum"} {
		delete(v, key)
	}
	return v
}

func orEmpty(data json.RawMessage) json.RawMessage {
	if len(data) == 0 {
		return json.RawMessage("{}")
	}
	return data
}
