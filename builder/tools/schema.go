package tools

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is a tool's input schema.
type Schema struct {
	compiled   *jsonschema.Schema // nil: everything fits
	document   any
	properties map[string]any // of the arguments
}

// ParseSchema reads one; nil is one that everything fits. The error says why it is no JSON
// Schema. A schema loads no other: not from a file, and not from the network.
func ParseSchema(text json.RawMessage) (*Schema, error) {
	s := &Schema{}
	if len(bytes.TrimSpace(text)) == 0 || string(text) == "null" {
		return s, nil
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	const name = "astrid-dev:input_schema"
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	if err := c.AddResource(name, document); err != nil {
		return nil, err
	}
	if s.compiled, err = c.Compile(name); err != nil {
		return nil, err
	}
	s.document = document
	if object, ok := s.resolve(document).(map[string]any); ok {
		s.properties, _ = object["properties"].(map[string]any)
	}
	return s, nil
}

type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("a tool's schema must be whole, and this one refers to %s", url)
}

// ArgumentError is arguments that do not fit.
type ArgumentError struct{ Problems []string }

func (e *ArgumentError) Error() string { return strings.Join(e.Problems, "; ") }

// Check says what is wrong with arguments, as an *ArgumentError; nil when they fit.
func (s *Schema) Check(arguments json.RawMessage) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(arguments))
	if err != nil {
		return &ArgumentError{[]string{"they are no JSON: " + err.Error()}}
	}
	if _, ok := value.(map[string]any); !ok {
		return &ArgumentError{[]string{"they are no JSON object"}}
	}
	if s.compiled == nil {
		return nil
	}
	done := make(chan error, 1) // an abandoned check must be able to end
	go func() { done <- s.compiled.Validate(value) }()
	select {
	case err = <-done:
	case <-time.After(checkLimit):
		return fmt.Errorf("holding the arguments against the schema takes longer than %s: its alternatives lie in each other", checkLimit)
	}
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		return &ArgumentError{problems(invalid.DetailedOutput())}
	}
	return err
}

// checkLimit is for schemas whose alternatives name each other: a small one can take years.
const checkLimit = 10 * time.Second

// problems are the innermost ones of a validation: "at /limit: got string, want integer".
func problems(u *jsonschema.OutputUnit) (list []string) {
	for i := range u.Errors {
		list = append(list, problems(&u.Errors[i])...)
	}
	if len(u.Errors) == 0 && u.Error != nil {
		text := u.Error.String()
		if u.InstanceLocation != "" {
			text = "at " + u.InstanceLocation + ": " + text
		}
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	return list
}

// Names are the arguments that the schema names, sorted.
func (s *Schema) Names() []string {
	var names []string
	for name := range s.properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Arguments makes an object of words such as limit=3, each value by the type that the schema
// gives it. A list takes JSON, or one element a word. Words without "=" are an *ArgumentError.
func (s *Schema) Arguments(words []string) (json.RawMessage, error) {
	object := map[string]any{}
	for _, word := range words {
		name, text, ok := strings.Cut(word, "=")
		if !ok || name == "" {
			return nil, &ArgumentError{[]string{fmt.Sprintf("%q is not NAME=VALUE", word)}}
		}
		_, again := object[name]
		property := s.resolve(s.properties[name])
		switch list, isList := object[name].([]any); {
		case again && isList:
			object[name] = append(list, s.value(items(property), text))
		case again:
			return nil, &ArgumentError{[]string{fmt.Sprintf("%s is given twice", name)}}
		default:
			object[name] = s.value(property, text)
		}
	}
	return json.Marshal(object)
}

func items(property any) any {
	object, _ := property.(map[string]any)
	return object["items"]
}

// value reads a text as what its schema is for. What fits no type stays text, and the schema
// says then what is wrong with it.
func (s *Schema) value(schema any, text string) any {
	schema = s.resolve(schema)
	types := s.types(schema)
	var v any
	isJSON := jsonValue(text, &v)
	_, isText := v.(string)
	switch {
	case len(types) == 1 && types[0] == "string":
		return text
	case slices.Contains(types, "array") && !strings.HasPrefix(strings.TrimSpace(text), "["):
		return []any{s.value(items(schema), text)}
	case isJSON && v == nil && slices.Contains(types, "null"):
		return nil
	case slices.Contains(types, "string"):
		return text
	case isJSON && !isText:
		return v
	}
	return text
}

func jsonValue(text string, v *any) bool {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return d.Decode(v) == nil && !d.More()
}

// types are those that a schema allows, each once; none when it does not say.
func (s *Schema) types(schema any) []string {
	var list []string
	looks := 0
	s.addTypes(schema, &list, &looks)
	return list
}

// maxLooks is how many schemas are looked at for one argument: alternatives may name each other.
const maxLooks = 100

func (s *Schema) addTypes(schema any, list *[]string, looks *int) {
	object, ok := s.resolve(schema).(map[string]any)
	if *looks++; !ok || *looks > maxLooks {
		return
	}
	add := func(name any) {
		if text, ok := name.(string); ok && !slices.Contains(*list, text) {
			*list = append(*list, text)
		}
	}
	add(object["type"])
	several, _ := object["type"].([]any)
	for _, one := range several {
		add(one)
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf"} {
		several, _ := object[key].([]any)
		for _, one := range several {
			s.addTypes(one, list, looks)
		}
	}
}

// resolve follows references inside the document.
func (s *Schema) resolve(schema any) any {
	for range 8 { // a circle is no type
		object, _ := schema.(map[string]any)
		ref, ok := object["$ref"].(string)
		path, inside := strings.CutPrefix(ref, "#/")
		if !ok || !inside {
			return schema
		}
		at := s.document
		for step := range strings.SplitSeq(path, "/") {
			step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
			m, _ := at.(map[string]any)
			at = m[step]
		}
		schema = at
	}
	return nil
}

// Parameter is one argument that a schema names.
type Parameter struct {
	Name     string
	Types    []string // of JSON Schema; none: any
	Required bool
}

// Parameters are the arguments that the schema names, sorted.
func (s *Schema) Parameters() (list []Parameter) {
	object, _ := s.resolve(s.document).(map[string]any)
	required, _ := object["required"].([]any)
	for _, name := range s.Names() {
		types := s.types(s.properties[name])
		list = append(list, Parameter{name, types, slices.Contains(required, any(name))})
	}
	return list
}
