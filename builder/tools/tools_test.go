package tools_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
)

func schema(t testing.TB, text string) *tools.Schema {
	t.Helper()
	s, err := tools.ParseSchema(json.RawMessage(text))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A value is what the schema says of it, and else what it looks like.
func TestArguments(t *testing.T) {
	s := schema(t, `{"type": "object", "definitions": {"Level": {"type": "string", "enum": ["1", "2"]}, "Loop": {"$ref": "#/definitions/Loop"}}, "properties": {
		"text": {"type": "string"}, "count": {"type": "integer"}, "ratio": {"type": "number"}, "on": {"type": "boolean"},
		"maybe": {"type": ["string", "null"]}, "level": {"$ref": "#/definitions/Level"}, "loop": {"$ref": "#/definitions/Loop"},
		"either": {"anyOf": [{"$ref": "#/definitions/Level"}, {"type": "null"}]}, "list": {"type": "array", "items": {"type": "string"}},
		"numbers": {"type": "array", "items": {"type": "integer"}}, "object": {"type": "object"}, "any": {}}}`)
	for words, want := range map[string]string{
		"text=3":                     `{"text":"3"}`,
		"text=":                      `{"text":""}`,
		"text=a=b":                   `{"text":"a=b"}`,
		"count=3":                    `{"count":3}`,
		"count=12345678901234567890": `{"count":12345678901234567890}`,
		"count=x":                    `{"count":"x"}`,
		"ratio=1e3":                  `{"ratio":1e3}`,
		"on=true":                    `{"on":true}`,
		"maybe=null":                 `{"maybe":null}`,
		"maybe=true":                 `{"maybe":"true"}`,
		"level=1":                    `{"level":"1"}`,
		"loop=1":                     `{"loop":1}`,
		"either=null":                `{"either":null}`,
		"either=2":                   `{"either":"2"}`,
		"list=a":                     `{"list":["a"]}`,
		"list=1 list=b":              `{"list":["1","b"]}`,
		`list=["x","y"]`:             `{"list":["x","y"]}`,
		"numbers=1 numbers=2":        `{"numbers":[1,2]}`,
		`object={"a":1}`:             `{"object":{"a":1}}`,
		"any=1":                      `{"any":1}`,
		"any=x":                      `{"any":"x"}`,
		"other=[1]":                  `{"other":[1]}`,
		"":                           `{}`,
	} {
		got, err := s.Arguments(strings.Fields(words))
		if err != nil || string(got) != want {
			t.Errorf("%s is %s, %v; want %s", words, got, err, want)
		}
	}
	for _, words := range []string{"word", "=x", "text=a text=b"} {
		var wrong *tools.ArgumentError
		if _, err := s.Arguments(strings.Fields(words)); !errors.As(err, &wrong) {
			t.Errorf("%s: %v", words, err)
		}
	}
}

func TestCheck(t *testing.T) {
	s := schema(t, `{"type": "object", "required": ["a"], "properties": {"a": {"type": "integer", "minimum": 1}, "b": {"type": "array", "items": {"type": "string"}}}, "additionalProperties": false}`)
	for arguments, want := range map[string]string{
		`{"a": 1}`:             "",
		`{"a": 1, "b": ["x"]}`: "",
		`{}`:                   "missing property 'a'",
		`{"a": 0}`:             "at /a: ",
		`{"a": 1, "b": [1]}`:   "at /b/0: got number, want string",
		`{"a": 1, "c": 1}`:     "additional properties 'c' not allowed",
		`[1]`:                  "no JSON object",
		`{"a": 1} x`:           "no JSON",
		`{`:                    "no JSON",
	} {
		err := s.Check(json.RawMessage(arguments))
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", arguments, err, want)
		}
	}
	for _, none := range []string{"", "null", "true"} {
		if err := schema(t, none).Check(json.RawMessage(`{"anything": 1}`)); err != nil {
			t.Errorf("the schema %q refuses: %v", none, err)
		}
	}
}

// A schema is a guest's word: it must be one, and it reads nothing of this machine.
func TestSchemasOfOthers(t *testing.T) {
	for _, text := range []string{
		`{`, `7`, `{"type": "nonsense"}`, `{"$ref": "file:///etc/passwd"}`, `{"$ref": "https://example.com/schema.json"}`,
		`{"properties": {"a": {"$ref": "#/absent"}}}`, `{"pattern": "("}`,
	} {
		if s, err := tools.ParseSchema(json.RawMessage(text)); err == nil {
			t.Errorf("%s was taken: %v", text, s.Names())
		}
	}
}

// Alternatives that name each other double with each level: nobody waits for that.
func TestSchemaThatGrowsWithoutEnd(t *testing.T) {
	var defs strings.Builder
	for i := range 200 {
		fmt.Fprintf(&defs, `"d%d": {"anyOf": [{"$ref": "#/definitions/d%d"}, {"$ref": "#/definitions/d%d"}]},`, i, i+1, i+1)
	}
	s := schema(t, `{"definitions": {`+defs.String()+`"d200": {"type": "integer"}}, "properties": {"a": {"$ref": "#/definitions/d0"}}}`)
	if got := s.Parameters(); len(got) != 1 {
		t.Errorf("parameters %v", got)
	}
	if got, err := s.Arguments([]string{"a=1"}); err != nil || string(got) != `{"a":1}` {
		t.Errorf("%s, %v", got, err)
	}
}

func FuzzSchema(f *testing.F) {
	f.Add(`{"type": "object", "properties": {"a": {"$ref": "#/properties/a"}}}`, `{"a": 1}`, "a=1")
	f.Fuzz(func(t *testing.T, text, arguments, word string) {
		s, err := tools.ParseSchema(json.RawMessage(text))
		if err != nil {
			return
		}
		_ = s.Check(json.RawMessage(arguments))
		_ = s.Parameters()
		if made, err := s.Arguments([]string{word}); err == nil && !json.Valid(made) {
			t.Errorf("%q became %s", word, made)
		}
	})
}

func TestDescribeAndCall(t *testing.T) {
	g, o := loaded(t, filepath.Join("testdata", "play"), nil)
	list, _, err := tools.Describe(t.Context(), g, o.Host)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(list, func(t tools.Tool) bool { return t.Name == "add" && t.Description == "Adds numbers." }) {
		t.Errorf("described are %v", list)
	}
	result, outcome, err := tools.Call(t.Context(), g, o.Host, "add", json.RawMessage(`{"numbers": [1, 2]}`))
	if err != nil || result.IsError || result.Content != `{"total":3.0,"of":2}` || len(outcome.Record.Published) != 1 {
		t.Errorf("%+v, %+v, %v", result, outcome, err)
	}
	result, _, err = tools.Call(t.Context(), g, o.Host, "wrong", json.RawMessage(`{}`))
	if err != nil || !result.IsError {
		t.Errorf("a tool that fails: %+v, %v", result, err)
	}
	var fault *tools.FaultError
	for name, want := range map[string]string{"panic": "it trapped: unreachable", "absent": "it answered deny: unknown hook action: unused"} {
		if _, _, err = tools.Call(t.Context(), g, o.Host, name, json.RawMessage(`{}`)); !errors.As(err, &fault) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each capability that a tool lacks is named with what to declare, and the guest has the
// runtime's own error.
func TestWhatIsLacking(t *testing.T) {
	g, o := loaded(t, filepath.Join("testdata", "play"), func(o *guest.Options) { o.Host.Capabilities = host.Capabilities{} })
	for name, c := range map[string]struct{ arguments, error, needs string }{
		"note":  {`{"path": "cwd://notes", "text": "x"}`, "InvalidPath", ""},
		"fetch": {`{"url": "http://127.0.0.1/"}`, "CapabilityDenied", `[capabilities] net = ["127.0.0.1"]`},
		"echo":  {`{"text": "x"}`, "CapabilityDenied", `[capabilities] host_process = ["echo"]`},
		"say":   {`{"text": "x"}`, "CapabilityDenied", `[publish] "play.v1.undeclared"`},
	} {
		result, outcome, err := tools.Call(t.Context(), g, o.Host, name, json.RawMessage(c.arguments))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		lacked := fmt.Sprint(outcome.Record.Lacked)
		if !strings.Contains(result.Content, c.error) || !strings.Contains(lacked, c.needs) {
			t.Errorf("%s: %s, lacked is %s", name, result.Content, lacked)
		}
	}
}

// Handlers are called by priority, each until one ends the row; * at a pattern's end is one segment.
func TestHandlersByPriority(t *testing.T) {
	subscribe := func(rows ...host.Subscription) func(*guest.Options) {
		return func(o *guest.Options) { o.Host.Subscribe = rows }
	}
	for name, c := range map[string]struct {
		rows []host.Subscription
		want string // lines of the log, or the error
	}{
		"the lower first":            {[]host.Subscription{{Pattern: "tool.v1.execute.*", Handler: "tool_execute_greet", Priority: 2}, {Pattern: "tool.v1.execute.greet", Handler: "tool_execute_greet", Priority: 1}}, "greeting Ada greeting Ada"},
		"one that ends it":           {[]host.Subscription{{Pattern: "tool.v1.execute.greet", Handler: "absent", Priority: 1}, {Pattern: "tool.v1.execute.*", Handler: "tool_execute_greet", Priority: 2}}, "deny"},
		"equal ones are independent": {[]host.Subscription{{Pattern: "tool.v1.execute.greet", Handler: "absent", Priority: 1}, {Pattern: "tool.v1.execute.*", Handler: "tool_execute_greet", Priority: 1}}, "greeting Ada"},
		"too short a pattern":        {[]host.Subscription{{Pattern: "tool.v1.*", Handler: "absent", Priority: 1}}, "greeting Ada"},
	} {
		g, o := loaded(t, filepath.Join("testdata", "play"), subscribe(c.rows...))
		result, outcome, err := tools.Call(t.Context(), g, o.Host, "greet", json.RawMessage(`{"name": "Ada"}`))
		var got []string
		for _, l := range outcome.Record.Logs {
			got = append(got, l.Message)
		}
		if err != nil {
			got = append(got, err.Error())
		} else if result.Content != `"Hello, Ada!"` {
			t.Errorf("%s: %s", name, result.Content)
		}
		if text := strings.Join(got, " "); text != c.want && !(c.want == "deny" && strings.Contains(text, "deny")) {
			t.Errorf("%s: %s", name, text)
		}
	}
}
