package tests

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
)

func TestDiffers(t *testing.T) {
	for _, c := range []struct {
		want, got string
		part      bool
		said      string
	}{
		{`1`, `1.0`, false, ""},
		{`1`, `1e0`, false, ""},
		{`9007199254740993`, `9007199254740992`, false, "it is 9007199254740992, want 9007199254740993"},
		{`1e999999999`, `1e999999998`, false, "it is 1e999999998, want 1e999999999"},
		{`"1"`, `1`, false, `it is 1, want "1"`},
		{`true`, `true`, false, ""},
		{`null`, `false`, false, "it is false, want null"},
		{`{"a":1}`, `{"a":1,"b":2}`, false, `it has "b", which is not expected`},
		{`{"a":1}`, `{"a":1,"b":2}`, true, ""},
		{`{"a":{"b":[1,{"c":2}]}}`, `{"a":{"b":[1,{"c":3,"d":4}]}}`, true, "/a/b/1/c is 3, want 2"},
		{`{"a":{"b":[1]}}`, `{"a":{"b":[1,2]}}`, true, "/a/b has 2 elements, want 1"},
		{`{"a":1}`, `{"b":1}`, true, `it has no "a"`},
		{`{"a":1}`, `[1]`, true, `it is [1], want {"a":1}`},
		{`[1]`, `{"a":1}`, true, `it is {"a":1}, want [1]`},
	} {
		if said := differs(decoded([]byte(c.want)), decoded([]byte(c.got)), c.part, ""); said != c.said {
			t.Errorf("%s and %s (part: %v): %q, want %q", c.want, c.got, c.part, said, c.said)
		}
	}
}

// What --update writes is read again as what came.
func FuzzLiteral(f *testing.F) {
	for _, s := range []string{`"a"`, `"\u0000\u007f\u001b\\ \" \n€"`, `{"a b":{"":[1,-2.5,1e300,true,"x"]},"c":[]}`, `{}`, `[{"a":1}]`, `12345678901234567890`, `0.1`, `-0.0`, `{"x":null}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		v := decoded([]byte(text))
		literal, value, ok := literal(v)
		if !ok {
			if literal != "" {
				t.Fatalf("%s is refused and is %s", text, literal)
			}
			return
		}
		doc, faults := tomldoc.Parse("x", []byte("v = "+literal+"\n"))
		if doc == nil {
			t.Fatalf("%s is written as %s: %v", text, literal, faults)
		}
		read, _ := doc.Value("v")
		if diff := cmp.Diff(plain(value), plain(read)); diff != "" {
			t.Errorf("%s is written as %s: %s", text, literal, diff)
		}
		if said := differs(v, decoded(encoded(read)), false, ""); said != "" && !lossy(v) {
			t.Errorf("%s is written as %s: %s", text, literal, said)
		}
	})
}

// lossy reports whether a value has a number that TOML cannot say to its last digit.
func lossy(v any) bool {
	switch v := v.(type) {
	case json.Number:
		_, value, ok := number(v)
		return !ok || !sameNumber(v, json.Number(text(value)))
	case []any:
		for _, inner := range v {
			if lossy(inner) {
				return true
			}
		}
	case map[string]any:
		for _, inner := range v {
			if lossy(inner) {
				return true
			}
		}
	}
	return false
}

// Dates of TOML are text for a tool, as they are written.
func TestDatesAreText(t *testing.T) {
	doc, faults := tomldoc.Parse("x", []byte("a = 2030-01-02\nb = 10:20:30.5\nc = 2030-01-02T10:20:30\nd = 2030-01-02T10:20:30.25+02:00\n[[e]]\nf = 1\n"))
	if doc == nil {
		t.Fatal(faults)
	}
	want := `{"a":"2030-01-02","b":"10:20:30.5","c":"2030-01-02T10:20:30","d":"2030-01-02T10:20:30.25+02:00","e":[{"f":1}]}`
	if got := string(encoded(doc.Values())); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
