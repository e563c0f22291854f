package tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
)

// encoded is a value of TOML as JSON. Dates are text.
func encoded(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(plain(v)); err != nil { // a number that is none, such as infinity
		return json.RawMessage(strconv.Quote(fmt.Sprint(v)))
	}
	return bytes.TrimSpace(b.Bytes())
}

// plain is a value of TOML with dates as text and every array of one kind.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, inner := range v {
			out[key] = plain(inner)
		}
		return out
	case []any, []map[string]any:
		out := []any{}
		for _, inner := range tomldoc.Elements(v) {
			out = append(out, plain(inner))
		}
		return out
	case time.Time:
		return date(v)
	}
	return v
}

// date is a date or time as TOML writes it. The library tells those without a zone by the name
// of their location.
func date(t time.Time) string {
	switch t.Location().String() {
	case "date-local":
		return t.Format(time.DateOnly)
	case "time-local":
		return t.Format("15:04:05.999999999")
	case "datetime-local":
		return t.Format("2006-01-02T15:04:05.999999999")
	}
	return t.Format(time.RFC3339Nano)
}

// text is a value as bytes of a file or a key: text is itself, everything else its JSON.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case time.Time:
		return date(v)
	}
	return string(encoded(v))
}

// decoded is JSON with its numbers as they are written; what is no JSON is text.
func decoded(b []byte) any {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return string(b)
	}
	return v
}

// pretty is a value for people, an entry a line.
func pretty(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// differs is where got is not what want says, "" when it is. A part lets objects have more keys
// than want names. The place is a JSON pointer.
func differs(want, got any, part bool, at string) string {
	is := func() string { return fmt.Sprintf("%s is %s, want %s", place(at), short(got), short(want)) }
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return is()
		}
		for _, key := range sorted(w) {
			inner, has := g[key]
			if !has {
				return fmt.Sprintf("%s has no %q", place(at), key)
			}
			if d := differs(w[key], inner, part, at+"/"+key); d != "" {
				return d
			}
		}
		for _, key := range sorted(g) {
			if _, has := w[key]; !has && !part {
				return fmt.Sprintf("%s has %q, which is not expected", place(at), key)
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok {
			return is()
		}
		if len(w) != len(g) {
			return fmt.Sprintf("%s has %d elements, want %d", place(at), len(g), len(w))
		}
		for i := range w {
			if d := differs(w[i], g[i], part, at+"/"+strconv.Itoa(i)); d != "" {
				return d
			}
		}
		return ""
	case json.Number:
		if g, ok := got.(json.Number); ok && sameNumber(w, g) {
			return ""
		}
	default:
		if want == got {
			return ""
		}
	}
	return is()
}

// sameNumber compares 1, 1.0 and 1e0 as equal, whatever their size. An exponent that would take
// all memory is compared as text.
func sameNumber(a, b json.Number) bool {
	if a == b {
		return true
	}
	x, err := a.Float64()
	y, err2 := b.Float64()
	if err != nil || err2 != nil || x != y {
		return false
	}
	p, ok := new(big.Rat).SetString(a.String())
	q, ok2 := new(big.Rat).SetString(b.String())
	return ok && ok2 && p.Cmp(q) == 0
}

func sorted(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

func place(at string) string {
	if at == "" {
		return "it"
	}
	return at
}

// shortest is how much of a value a sentence has.
const shortest = 120

func short(v any) string {
	s := strings.ReplaceAll(string(encoded(v)), "\n", " ")
	if r := []rune(s); len(r) > shortest {
		return string(r[:shortest]) + "..."
	}
	return s
}

// literal is a value as TOML, and as the library reads that; false for what TOML cannot say.
func literal(v any) (string, any, bool) {
	switch v := v.(type) {
	case string:
		return quoted(v), v, utf8.ValidString(v)
	case bool:
		return strconv.FormatBool(v), v, true
	case json.Number:
		return number(v)
	case []any:
		list, values := []string{}, []any{}
		for _, inner := range v {
			s, value, ok := literal(inner)
			if !ok {
				return "", nil, false
			}
			list, values = append(list, s), append(values, value)
		}
		return "[" + strings.Join(list, ", ") + "]", values, true
	case map[string]any:
		list, values := []string{}, map[string]any{}
		for _, key := range sorted(v) {
			s, value, ok := literal(v[key])
			if !ok {
				return "", nil, false
			}
			list, values[key] = append(list, name(key)+" = "+s), value
		}
		if len(list) == 0 {
			return "{}", values, true
		}
		return "{ " + strings.Join(list, ", ") + " }", values, true
	}
	return "", nil, false // null
}

func number(n json.Number) (string, any, bool) {
	if i, err := n.Int64(); err == nil {
		return strconv.FormatInt(i, 10), i, true
	}
	f, err := n.Float64()
	if err != nil {
		return "", nil, false
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return s, f, true
}

// quoted is a text of TOML on one line: JSON's escapes are TOML's, but for one control
// character that JSON lets through.
func quoted(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return strings.ReplaceAll(string(encoded(s)), "\x7f", `\u007f`)
}

// name is a key as it has to be written.
func name(key string) string {
	bare := key != "" && !strings.ContainsFunc(key, func(c rune) bool {
		return !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_')
	})
	if bare {
		return key
	}
	return quoted(key)
}
