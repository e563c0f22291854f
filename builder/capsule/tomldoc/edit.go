package tomldoc

import (
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"
)

// errMeans is an edit whose text would not mean what was intended. The file
// stays as it was.
var errMeans = errors.New("the file is laid out in a way that cannot be mended by a text edit")

// Edits changes a TOML file's text in places and leaves every other byte:
// comments, order, blank lines and line ends stay. Each change is made twice,
// in the text and in the values, and Apply compares the two.
type Edits struct {
	doc   *Document
	list  []edit
	want  map[string]any
	eol   string
	fresh map[string]bool // tables that an edit already writes
}

type edit struct {
	at, end int
	text    string
	fresh   bool // begins a table at the file's end: behind whatever else goes there
}

// NewEdits begins to edit doc.
func NewEdits(doc *Document) *Edits {
	e := &Edits{doc: doc, want: clone(doc.Values()).(map[string]any), eol: "\n", fresh: map[string]bool{}}
	if strings.Contains(doc.Text(), "\r\n") {
		e.eol = "\r\n"
	}
	return e
}

// clone copies tables and arrays. Empty ones become the same shape whichever
// of the library's two they had, so that they can be compared.
func clone(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, inner := range v {
			out[name] = clone(inner)
		}
		return out
	case []map[string]any:
		out := make([]any, 0, len(v))
		for _, inner := range v {
			out = append(out, clone(inner))
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, inner := range v {
			out = append(out, clone(inner))
		}
		return out
	}
	return value
}

// table is the table in want under key, made when it is missing; nil when
// something else stands there.
func (e *Edits) table(key []string) map[string]any {
	at := e.want
	for _, name := range key {
		base, index, indexed := strings.Cut(strings.TrimSuffix(name, "]"), "[")
		var next any
		if list, ok := at[base].([]any); ok && indexed {
			var i int
			if _, err := fmt.Sscan(index, &i); err != nil || i >= len(list) {
				return nil
			}
			next = list[i]
		} else if next, ok = at[name]; !ok {
			next = map[string]any{}
			at[name] = next
		}
		inner, ok := next.(map[string]any)
		if !ok {
			return nil
		}
		at = inner
	}
	return at
}

// Replace writes another value under a key that is there, or in the place of an element of an array.
func (e *Edits) Replace(literal string, value any, key ...string) {
	place, ok := e.doc.Locate(key...)
	table, name := e.table(key[:len(key)-1]), key[len(key)-1]
	if !ok || table == nil {
		return
	}
	e.list = append(e.list, edit{at: place.Start, end: place.End, text: literal})
	base, i, indexed := SplitIndex(name)
	if list, isArray := table[base].([]any); indexed && isArray && i < len(list) {
		list[i] = value
		return
	}
	table[name] = value
}

// AppendTo adds an element to an array of strings.
func (e *Edits) AppendTo(element string, key ...string) {
	place, ok := e.doc.Locate(key...)
	table := e.table(key[:len(key)-1])
	list, isArray := table[key[len(key)-1]].([]any)
	if !ok || !isArray {
		return
	}
	at := place.End - 1 // the closing bracket
	text := fmt.Sprintf("%q", element)
	if len(list) > 0 {
		last, ok := e.doc.Locate(indexed(key, len(list)-1)...)
		if !ok {
			return
		}
		at, text = last.End, ", "+text
	}
	e.list = append(e.list, edit{at: at, end: at, text: text})
	table[key[len(key)-1]] = append(list, element)
}

// Any reports whether there is something to change.
func (e *Edits) Any() bool { return len(e.list) > 0 }

// Document is the file as it was.
func (e *Edits) Document() *Document { return e.doc }

func indexed(key []string, i int) []string {
	out := append([]string(nil), key...)
	out[len(out)-1] = fmt.Sprintf("%s[%d]", out[len(out)-1], i)
	return out
}

// Add writes `line` as the last of a table, which is made when it is missing.
// line must define name to be value.
func (e *Edits) Add(table []string, name, line string, value any) {
	values := e.table(table)
	if values == nil || values[name] != nil {
		return
	}
	values[name] = value
	header := "[" + dotted(table) + "]"
	at, found := e.tableEnd(table)
	switch {
	case found:
		e.list = append(e.list, edit{at: at, end: at, text: e.newline(at) + line + e.eol})
	case e.fresh[header]:
		e.list = append(e.list, edit{at: len(e.doc.Text()), end: len(e.doc.Text()), text: line + e.eol, fresh: true})
	default:
		end := len(e.doc.Text())
		blank := e.newline(end)
		if end > 0 || len(e.fresh) > 0 {
			blank += e.eol
		}
		e.fresh[header] = true
		e.list = append(e.list, edit{at: end, end: end, text: blank + header + e.eol + line + e.eol, fresh: true})
	}
}

// newline is a line end where the text before at has none.
func (e *Edits) newline(at int) string {
	if at == 0 || e.doc.Text()[at-1] == '\n' {
		return ""
	}
	return e.eol
}

func dotted(key []string) string {
	parts := make([]string, len(key))
	for i, name := range key {
		parts[i] = name
		if strings.ContainsFunc(name, func(r rune) bool {
			return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '-' || r == '_')
		}) {
			parts[i] = fmt.Sprintf("%q", name)
		}
	}
	return strings.Join(parts, ".")
}

// tableEnd is the offset behind the line of a table's last own key, and false
// when the table has no header in the file.
func (e *Edits) tableEnd(table []string) (int, bool) {
	place, ok := e.doc.Locate(table...)
	if !ok || place.Start >= place.KeyStart {
		return 0, false
	}
	end := max(place.End, e.lastByte(table))
	line := strings.IndexByte(e.doc.Text()[end:], '\n')
	if line < 0 {
		return len(e.doc.Text()), true
	}
	return end + line + 1, true
}

// lastByte is the end of the last value that stands under the table's own header.
func (e *Edits) lastByte(table []string) int {
	end := 0
	for _, name := range e.doc.Keys(table...) {
		key := append(append([]string(nil), table...), name)
		place, ok := e.doc.Locate(key...)
		switch {
		case !ok || place.Start < place.KeyStart: // a header of its own
		case place.Start == place.KeyStart: // the first part of a dotted key
			end = max(end, e.lastByte(key))
		default:
			end = max(end, place.End)
		}
	}
	return end
}

// Remove takes a key out: with its line when it has one for itself, with one
// comma when it stands between braces.
func (e *Edits) Remove(key ...string) {
	place, ok := e.doc.Locate(key...)
	values := e.table(key[:len(key)-1])
	if !ok || values == nil {
		return
	}
	delete(values, key[len(key)-1])
	text := e.doc.Text()
	lineStart := strings.LastIndexByte(text[:place.KeyStart], '\n') + 1
	if strings.TrimSpace(text[lineStart:place.KeyStart]) == "" {
		end := len(text)
		if line := strings.IndexByte(text[place.End:], '\n'); line >= 0 {
			end = place.End + line + 1
		}
		if strings.TrimSpace(text[place.End:end]) == "" {
			e.list = append(e.list, edit{at: lineStart, end: end})
			return
		}
	}
	before := strings.TrimRight(text[:place.KeyStart], " \t")
	if strings.HasSuffix(before, ",") {
		e.list = append(e.list, edit{at: len(before) - 1, end: place.End})
		return
	}
	after := strings.TrimLeft(text[place.End:], " \t")
	end := len(text) - len(strings.TrimLeft(strings.TrimPrefix(after, ","), " \t"))
	e.list = append(e.list, edit{at: place.KeyStart, end: end})
}

// Apply returns the changed text, or errMeans when reading it again does not
// give exactly the values that were intended.
func (e *Edits) Apply() (string, error) {
	sort.SliceStable(e.list, func(i, j int) bool {
		a, b := e.list[i], e.list[j]
		return a.at < b.at || a.at == b.at && !a.fresh && b.fresh
	})
	var out strings.Builder
	text, done := e.doc.Text(), 0
	for _, change := range e.list {
		if change.at < done {
			return "", errMeans
		}
		out.WriteString(text[done:change.at] + change.text)
		done = change.end
	}
	out.WriteString(text[done:])
	again, _ := Parse("", []byte(out.String()))
	if again == nil || !reflect.DeepEqual(clone(again.Values()), any(e.want)) {
		return "", errMeans
	}
	return out.String(), nil
}
