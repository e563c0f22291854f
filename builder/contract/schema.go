package contract

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// schema is what of a JSON Schema of a tool's arguments callers go by.
type schema struct {
	Type       any                        `json:"type"`
	Properties map[string]json.RawMessage `json:"properties"`
	Required   []string                   `json:"required"`
	Additional any                        `json:"additionalProperties"`
	Enum       []any                      `json:"enum"`
	Items      json.RawMessage            `json:"items"`
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
	if bytes.Equal(was, is) {
		return // true and false are schemas too
	}
	var a, b schema
	if json.Unmarshal(was, &a) != nil || json.Unmarshal(is, &b) != nil || !holdsTypes(b.Type, a.Type) {
		say(Breaking, "takes another type as "+name)
		return
	}
	if !holdsTypes(a.Type, b.Type) {
		say(Addition, "takes more types as "+name)
	}
	if len(b.Enum) > 0 && (len(a.Enum) == 0 || slices.ContainsFunc(a.Enum, func(v any) bool { return !has(b.Enum, v) })) {
		say(Breaking, "takes fewer values as "+name)
	} else if !reflect.DeepEqual(a.Enum, b.Enum) {
		say(Addition, "takes more values as "+name)
	}
	if len(a.Properties)+len(b.Properties) > 0 {
		schemas(was, is, func(level Level, text string) { say(level, text+" in "+name) })
	}
	switch had, has := len(a.Items) > 0, len(b.Items) > 0; {
	case had && has:
		property("an item of "+name, a.Items, b.Items, say)
	case had:
		say(Addition, "takes any items in "+name)
	case has:
		say(Breaking, "takes only some items in "+name)
	}
	if len(a.Properties)+len(b.Properties) == 0 {
		limits(name, bare(was), bare(is), say)
	}
}

// holdsTypes reports whether wide, a type or a list of them, has all of narrow. No type is every one.
func holdsTypes(wide, narrow any) bool {
	if wide == nil {
		return true
	}
	have := listOf(wide)
	return narrow != nil && !slices.ContainsFunc(listOf(narrow), func(t any) bool {
		return !slices.Contains(have, t) && !(t == "integer" && slices.Contains(have, any("number")))
	})
}

func listOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// limits compares what is left of two schemas: words that bound a value, and those of which only
// equality is understood.
func limits(name string, was, is map[string]any, say func(level Level, text string)) {
	level, words := Nothing, slices.Sorted(maps.Keys(was))
	for word := range is {
		if _, had := was[word]; !had {
			words = append(words, word)
		}
	}
	for _, word := range words {
		switch a, b := was[word], is[word]; {
		case reflect.DeepEqual(a, b):
		case wider(word, a, b):
			level = max(level, Addition)
		default:
			level = Breaking
		}
	}
	switch level {
	case Addition:
		say(Addition, "takes more as "+name)
	case Breaking:
		say(Breaking, "takes something else as "+name)
	}
}

// wider reports whether a word that bounds values lets more through as b than as a; nil is no bound.
func wider(word string, a, b any) bool {
	bounds := []string{"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties",
		"pattern", "format", "multipleOf", "uniqueItems"}
	if a == nil || !slices.Contains(bounds, word) {
		return false
	}
	from, isNumber := a.(float64)
	to, still := b.(float64)
	return b == nil || isNumber && still && (strings.HasPrefix(strings.ToLower(word), "max") || word == "exclusiveMaximum") && to >= from ||
		isNumber && still && (strings.HasPrefix(word, "min") || word == "exclusiveMinimum") && to <= from
}

func has(list []any, v any) bool {
	return slices.ContainsFunc(list, func(o any) bool { return reflect.DeepEqual(o, v) })
}

// bare is a schema without what is for people, and without what was compared already.
func bare(data json.RawMessage) map[string]any {
	var v map[string]any
	if json.Unmarshal(data, &v) != nil {
		return map[string]any{"": string(data)}
	}
	for _, key := range []string{"title", "description", "examples", "default", "$schema", "$comment", "type", "enum", "items"} {
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
