package capsule

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/Masterminds/semver/v3"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// reader turns a Document into a Manifest and collects what is wrong on the way.
type reader struct {
	doc  *tomldoc.Document
	list []finding.Finding
}

// fault adds a finding at key's value; at the table around it when key is not there.
func (r *reader) fault(code finding.Code, key []string, hint, format string, args ...any) {
	line, column := r.doc.Around(key)
	f := newFinding(code, r.doc.File(), line, column)
	f.Message, f.Hint = fmt.Sprintf(format, args...), hint
	r.list = append(r.list, f)
}

// faultKey is fault, pointing at the key instead of its value.
func (r *reader) faultKey(code finding.Code, key []string, hint, format string, args ...any) {
	r.fault(code, key, hint, format, args...)
	f := &r.list[len(r.list)-1]
	f.Line, f.Column = r.doc.Position(key...)
}

// field is a value with the key that led to it. A field that is not in the
// file gives zero values and no finding.
type field struct {
	r     *reader
	key   []string
	value any
	found bool
}

func (r *reader) at(key ...string) field {
	value, found := r.doc.Value(key...)
	return field{r, key, value, found}
}

// join is a new slice: fields must not share their tails.
func join(key []string, more ...string) []string {
	return append(append(make([]string, 0, len(key)+len(more)), key...), more...)
}

func (f field) at(name string) field {
	table, _ := f.value.(map[string]any)
	value, found := table[name]
	return field{f.r, join(f.key, name), value, found}
}

// either is the field under the first of the names that is there.
func (f field) either(names ...string) field {
	for _, name := range names {
		if got := f.at(name); got.found {
			return got
		}
	}
	return f.at(names[0])
}

// wrong adds the finding that f is not what is wanted, and how it would be written.
func (f field) wrong(wanted, hint string) {
	f.r.fault(finding.ManifestWrongType, f.key, hint, "%s must be %s, not %s", title(f.key), wanted, kindOf(f.value))
}

func (f field) last() string { return f.key[len(f.key)-1] }

func (f field) text() string {
	if !f.found {
		return ""
	}
	s, ok := f.value.(string)
	if !ok {
		f.wrong("a string", fmt.Sprintf("write %s = %q", quoteKey(f.last()), f.quotable()))
	}
	return s
}

// quotable is what belongs between quotes where the author wrote none.
func (f field) quotable() string {
	place, ok := f.r.doc.Locate(f.key...)
	if !ok || literal(f.value, "") == "" {
		return "..."
	}
	text := f.r.doc.Text()[place.Start:place.End]
	if f.last() == "version" {
		return looseVersion(text)
	}
	return text
}

// needed is text that has to be there and not empty.
func (f field) needed(example string) string {
	s := f.text()
	if _, wrong := f.value.(string); f.found && !wrong {
		return s
	}
	table := tableName(f.key[:len(f.key)-1])
	line := fmt.Sprintf("%s = %q", quoteKey(f.last()), example)
	switch {
	case !f.found:
		hint := "add the line " + line + " to " + table
		if f.r.startsWith(f.key[:len(f.key)-1], "{") {
			hint = "add " + line + " between its braces"
		}
		f.r.fault(finding.ManifestMissingKey, f.key, hint, "%s has no %s", table, f.last())
	case strings.TrimSpace(s) == "":
		f.r.fault(finding.ManifestMissingKey, f.key, "write "+line, "%s is empty", title(f.key))
	}
	return s
}

// startsWith reports whether key's value, or its header, begins with prefix in the file.
func (r *reader) startsWith(key []string, prefix string) bool {
	place, ok := r.doc.Locate(key...)
	return ok && strings.HasPrefix(r.doc.Text()[place.Start:], prefix)
}

func (f field) boolean() bool {
	if !f.found {
		return false
	}
	b, ok := f.value.(bool)
	if !ok {
		f.wrong("true or false", fmt.Sprintf("write %s = true, without quotes", quoteKey(f.last())))
	}
	return b
}

func (f field) integer() int64 {
	if !f.found {
		return 0
	}
	n, ok := f.value.(int64)
	if !ok {
		f.wrong("a whole number", fmt.Sprintf("write %s = 1, without quotes", quoteKey(f.last())))
	}
	return n
}

// count reads a whole number that is not below zero.
func (f field) count() int64 {
	n := f.integer()
	if n < 0 {
		f.r.fault(finding.ManifestWrongType, f.key, fmt.Sprintf("write %s = 1, or remove it", quoteKey(f.last())), "%s must not be below zero, and is %d", title(f.key), n)
		return 0
	}
	return n
}

// texts reads an array of strings.
func (f field) texts() []string {
	if !f.found {
		return nil
	}
	list := tomldoc.Elements(f.value)
	if _, empty := f.value.([]any); list == nil && !empty {
		f.wrong("an array of strings", "write "+quoteKey(f.last())+" = "+f.asArray())
		return nil
	}
	out := make([]string, 0, len(list))
	for i, item := range list {
		s, ok := item.(string)
		if !ok {
			key := join(f.key[:len(f.key)-1], fmt.Sprintf("%s[%d]", f.last(), i))
			f.r.fault(finding.ManifestWrongType, key, "put it in quotes: "+strconv.Quote(literal(item, "...")),
				"element %d of %s must be a string, not %s", i+1, title(f.key), kindOf(item))
			continue
		}
		out = append(out, s)
	}
	return out
}

// asArray is what the author most likely meant by a string where an array
// stands: the words of a command, or an array of one.
func (f field) asArray() string {
	s, ok := f.value.(string)
	if !ok {
		return `["..."]`
	}
	words := []string{s}
	switch f.last() {
	case "build", "wrap":
		words = strings.Fields(s)
	}
	for i, w := range words {
		words[i] = strconv.Quote(w)
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// table reports whether f is a table, with a finding when it is something else.
func (f field) table() bool {
	if !f.found {
		return false
	}
	if _, ok := f.value.(map[string]any); ok {
		return true
	}
	hint := fmt.Sprintf("write its keys under the header %s", tableName(f.key))
	if f.r.startsWith(f.key, "[[") {
		hint = fmt.Sprintf("write %s with single brackets", tableName(f.key))
	}
	f.wrong("a table", hint)
	return false
}

// fields is the values of a table in the order of the file.
func (f field) fields() []field {
	if !f.table() {
		return nil
	}
	var out []field
	for _, name := range f.r.doc.Keys(f.key...) {
		out = append(out, f.at(name))
	}
	return out
}

// tables is the elements of an array of tables.
func (f field) tables() []field {
	if !f.found {
		return nil
	}
	list := tomldoc.Elements(f.value)
	if _, empty := f.value.([]any); list == nil && !empty {
		f.wrong("an array of tables", fmt.Sprintf("write the header with double brackets: [[%s]]", dotted(f.key)))
		return nil
	}
	var out []field
	for i, item := range list {
		key := join(f.key[:len(f.key)-1], fmt.Sprintf("%s[%d]", f.last(), i))
		element := field{f.r, key, item, true}
		if _, ok := item.(map[string]any); !ok {
			f.r.fault(finding.ManifestWrongType, key, fmt.Sprintf("write the header with double brackets: [[%s]]", dotted(f.key)),
				"element %d of %s must be a table, not %s", i+1, title(f.key), kindOf(item))
			continue
		}
		out = append(out, element)
	}
	return out
}

// kindOf names a value's type as a person calls it.
func kindOf(value any) string {
	switch value.(type) {
	case string:
		return "a string"
	case bool:
		return "true or false"
	case int64:
		return "a whole number"
	case float64:
		return "a number"
	case time.Time:
		return "a date"
	case []any, []map[string]any:
		return "an array"
	case map[string]any:
		return "a table"
	}
	return "this"
}

// literal is a scalar as text, or otherwise when it is none.
func literal(value any, otherwise string) string {
	switch v := value.(type) {
	case string:
		return v
	case bool, int64, float64:
		return fmt.Sprint(v)
	}
	return otherwise
}

// title names a key for a message: `version in [package]`.
func title(key []string) string {
	if len(key) == 1 {
		return quoteKey(bare(key[0]))
	}
	return quoteKey(bare(key[len(key)-1])) + " in " + tableName(key[:len(key)-1])
}

// tableName is a table's header.
func tableName(key []string) string {
	if len(key) == 0 {
		return "the manifest"
	}
	if _, _, indexed := tomldoc.SplitIndex(key[len(key)-1]); indexed {
		return "[[" + dotted(key) + "]]"
	}
	return "[" + dotted(key) + "]"
}

func bare(name string) string {
	if base, _, ok := tomldoc.SplitIndex(name); ok {
		return base
	}
	return name
}

func dotted(key []string) string {
	parts := make([]string, len(key))
	for i, name := range key {
		parts[i] = quoteKey(bare(name))
	}
	return strings.Join(parts, ".")
}

// quoteKey is a key as it has to be written.
func quoteKey(name string) string {
	for _, c := range name {
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_') {
			return strconv.Quote(name)
		}
	}
	if name == "" {
		return `""`
	}
	return name
}

// looseVersion is the strict version that was most likely meant.
func looseVersion(v string) string {
	if loose, err := semver.NewVersion(strings.TrimLeft(v, "^~<>= ")); err == nil {
		return loose.String()
	}
	return "0.1.0"
}
