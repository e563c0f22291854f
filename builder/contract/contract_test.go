package contract

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
)

const base = `[package]
name = "x"
version = "1.2.3"
[publish]
"a.b" = { wit = "opaque" }
[subscribe]
"c.d" = { wit = "opaque" }
[capabilities]
net = ["a.example"]
[env.KEY]
type = "string"
default = "x"
`

func of(t *testing.T, text string) *Contract {
	t.Helper()
	m, wrong := capsule.Parse("Capsule.toml", []byte(text))
	if m == nil || len(wrong) > 0 {
		t.Fatal(wrong)
	}
	c := Of(m)
	c.Exports["run"], c.Imports["astrid:sys/clock@1.0.0"] = "func", true
	c.Tools = map[string]json.RawMessage{"greet": json.RawMessage(`{"type":"object","properties":{"name":{"type":"string","description":"who"},"n":{"enum":["a","b"]}},"required":["name"]}`)}
	return c
}

// Every kind of change, what it does to others, and the words for it.
func TestCompare(t *testing.T) {
	tool := func(text string) func(*Contract) {
		return func(c *Contract) { c.Tools["greet"] = json.RawMessage(text) }
	}
	for name, c := range map[string]struct {
		from, to string // in the manifest
		change   func(*Contract)
		level    Level
		says     string
	}{
		"nothing":               {level: Nothing},
		"export gone":           {change: func(c *Contract) { delete(c.Exports, "run") }, level: Breaking, says: "export run is gone"},
		"export new":            {change: func(c *Contract) { c.Exports["more"] = "func" }, level: Addition, says: "export more is new"},
		"export of other type":  {change: func(c *Contract) { c.Exports["run"] = "instance" }, level: Breaking, says: "was func and is instance"},
		"import of the runtime": {change: func(c *Contract) { c.Imports["astrid:http"] = true }, level: Addition, says: "imports astrid:http as well"},
		"import of nobody":      {change: func(c *Contract) { c.Imports["x:y"] = false }, level: Breaking, says: "imports x:y as well"},
		"import gone":           {change: func(c *Contract) { clear(c.Imports) }, level: Nothing},
		"topic gone":            {from: `"a.b" = { wit = "opaque" }`, level: Breaking, says: "a.b of [publish] is gone"},
		"topic new":             {from: `[subscribe]`, to: "[subscribe]\n\"e.f\" = { wit = \"opaque\" }", level: Addition, says: "e.f of [subscribe] is new"},
		"capability":            {from: `["a.example"]`, to: `["a.example", "b.example"]`, level: Breaking, says: "capability net b.example"},
		"less capability":       {from: `net = ["a.example"]`, level: Nothing},
		"setting new":           {from: `[env.KEY]`, to: "[env.NEW]\ntype = \"string\"\n[env.KEY]", level: Breaking, says: "NEW is new and has no default"},
		"setting with default":  {from: `[env.KEY]`, to: "[env.NEW]\ntype = \"string\"\ndefault = \"\"\n[env.KEY]", level: Addition, says: "NEW is new"},
		"default gone":          {from: `default = "x"`, level: Breaking, says: "KEY has no default any more"},
		"tool gone":             {change: func(c *Contract) { clear(c.Tools) }, level: Breaking, says: "tool greet is gone"},
		"tool not asked":        {change: func(c *Contract) { c.Tools = nil }, level: Nothing},
		"argument gone":         {change: tool(`{"type":"object","properties":{"name":{"type":"string"}},"required":["name"]}`), level: Breaking, says: "no longer takes n"},
		"argument asked for":    {change: tool(`{"type":"object","properties":{"name":{"type":"string"},"n":{"enum":["a","b"]}},"required":["name","n"]}`), level: Breaking, says: "now asks for n"},
		"argument new":          {change: tool(`{"type":"object","properties":{"name":{"type":"string"},"n":{"enum":["a","b"]},"more":{}},"required":["name"]}`), level: Addition, says: "takes more as well"},
		"other type":            {change: tool(`{"type":"object","properties":{"name":{"type":"number"},"n":{"enum":["a","b"]}},"required":["name"]}`), level: Breaking, says: "another type as name"},
		"fewer values":          {change: tool(`{"type":"object","properties":{"name":{"type":"string"},"n":{"enum":["a"]}},"required":["name"]}`), level: Breaking, says: "fewer values as n"},
		"more values":           {change: tool(`{"type":"object","properties":{"name":{"type":"string"},"n":{"enum":["a","b","c"]}},"required":["name"]}`), level: Addition, says: "more values as n"},
		"narrower":              {change: tool(`{"type":"object","properties":{"name":{"type":"string","maxLength":3},"n":{"enum":["a","b"]}},"required":["name"]}`), level: Breaking, says: "something else as name"},
		"more types":            {change: tool(`{"type":"object","properties":{"name":{"type":["string","null"]},"n":{"enum":["a","b"]}},"required":["name"]}`), level: Addition, says: "more types as name"},
		"explained":             {change: tool(`{"type":"object","properties":{"name":{"type":"string","description":"whom"},"n":{"enum":["a","b"]}},"required":["name"]}`), level: Nothing},
	} {
		text := strings.Replace(base, c.from, c.to, 1)
		if c.from != "" && text == base {
			t.Fatalf("%s changes nothing", name)
		}
		was, is := of(t, base), of(t, text)
		if c.change != nil {
			c.change(is)
		}
		changes := Compare(was, is)
		level, said := Nothing, ""
		if len(changes) > 0 {
			level, said = changes[0].Level, changes[0].Text
		}
		if level != c.level || !strings.Contains(said, c.says) || len(changes) > 1 {
			t.Errorf("%s: %v", name, changes)
		}
	}
}

// Bounds of a value: what lets more through adds, everything else breaks.
func TestSchemaLimits(t *testing.T) {
	for _, c := range []struct {
		was, is string
		level   Level
	}{
		{`{"type":"integer"}`, `{"type":"number"}`, Addition},
		{`{"type":"number"}`, `{"type":"integer"}`, Breaking},
		{`{"type":"string"}`, `{}`, Addition},
		{`{}`, `{"type":"string"}`, Breaking},
		{`{"maxLength":3}`, `{"maxLength":4}`, Addition},
		{`{"maxLength":4}`, `{"maxLength":3}`, Breaking},
		{`{"minimum":3}`, `{"minimum":2}`, Addition},
		{`{"minimum":2}`, `{"minimum":3}`, Breaking},
		{`{"exclusiveMaximum":2}`, `{"exclusiveMaximum":3}`, Addition},
		{`{"pattern":"a"}`, `{}`, Addition},
		{`{"pattern":"a"}`, `{"pattern":"b"}`, Breaking},
		{`{"maxLength":3,"pattern":"a"}`, `{"maxLength":4,"pattern":"b"}`, Breaking},
		{`{"anyOf":[{"type":"string"}]}`, `{}`, Breaking},
		{`{"type":"array","items":{"type":"string"}}`, `{"type":"array","items":{"type":"number"}}`, Breaking},
		{`{"type":"array","items":{"type":"string"}}`, `{"type":"array","items":{"type":["string","null"]}}`, Addition},
		{`{"type":"array","items":{"enum":["a","b"]}}`, `{"type":"array","items":{"enum":["a"]}}`, Breaking},
		{`{"type":"object","properties":{"x":{}}}`, `{"type":"object","properties":{"x":{},"y":{}},"required":["y"]}`, Breaking},
		{`{"type":"object","properties":{"x":{}}}`, `{"type":"object","properties":{"x":{},"y":{}}}`, Addition},
		{`{"type":"array","items":{}}`, `{"type":"array"}`, Addition},
		{`{"type":"array"}`, `{"type":"array","items":{"type":"string"}}`, Breaking},
		{`true`, `true`, Nothing},
		{`true`, `{"type":"string"}`, Breaking},
	} {
		worst := Nothing
		property("v", json.RawMessage(c.was), json.RawMessage(c.is), func(level Level, _ string) { worst = max(worst, level) })
		if worst != c.level {
			t.Errorf("%s to %s is %v, want %v", c.was, c.is, worst, c.level)
		}
	}
}

func TestNeeded(t *testing.T) {
	for _, c := range []struct {
		was   string
		level Level
		want  string
	}{
		{"1.2.3", Breaking, "2.0.0"}, {"1.2.3", Addition, "1.3.0"}, {"1.2.3", Nothing, ""},
		{"0.2.3", Breaking, "0.3.0"}, {"0.2.3", Addition, "0.2.4"}, {"0.0.1", Breaking, "0.1.0"},
	} {
		got, err := Needed(c.was, []Change{{Level: Nothing}, {Level: c.level}})
		if err != nil || got != c.want {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
		if !Enough(c.want, c.was, got) && c.want != "" || Enough("0.0.0", c.was, got) || got != "" && Enough(c.was, c.was, got) {
			t.Errorf("%+v: what is enough", c)
		}
	}
	if _, err := Needed("one", nil); err == nil {
		t.Error("a version that is none was taken")
	}
}
