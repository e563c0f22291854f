package tests

import (
	"fmt"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// reader collects what is wrong with a file.
type reader struct {
	doc    *tomldoc.Document
	faults []finding.Finding
}

// field is a value, with the keys that lead to it. One that is not in the file reads as zero.
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

func (f field) at(name string) field { return f.r.at(append(slices.Clone(f.key), name)...) }

// element is the i-th of an array.
func (f field) element(i int) field {
	key := slices.Clone(f.key)
	key[len(key)-1] = fmt.Sprintf("%s[%d]", key[len(key)-1], i)
	return f.r.at(key...)
}

func (f field) name() string { return f.key[len(f.key)-1] }

// line is where the field's key stands, or the table around it where there is none.
func (f field) line() int {
	line, _ := f.r.doc.Position(f.key...)
	return line
}

func (f field) fault(code finding.Code, hint, format string, args ...any) {
	line, column := f.r.doc.Position(f.key...)
	f.r.faults = append(f.r.faults, finding.Finding{Code: code, Severity: finding.Error, File: f.r.doc.File(), Line: line, Column: column,
		Message: fmt.Sprintf(format, args...), Hint: hint})
}

// wrong adds the fault that the value is of another kind than wanted.
func (f field) wrong(wanted, hint string) {
	f.fault(finding.TestValue, hint, "%s must be %s", f.name(), wanted)
}

// only reports whether the field is a table, and adds a fault for each of its keys that is
// not among names; no names: every key is good.
func (f field) only(names ...string) bool {
	if !f.found {
		return false
	}
	if _, ok := f.value.(map[string]any); !ok {
		f.wrong("a table", "write its keys between braces, or under a header of their own")
		return false
	}
	for _, key := range f.r.doc.Keys(f.key...) {
		if len(names) == 0 || slices.Contains(names, key) {
			continue
		}
		hint := "the keys are " + strings.Join(names, ", ")
		if near := capsule.Nearest(key, names); near != "" {
			hint = "did you mean " + near + "? " + hint
		}
		f.at(key).fault(finding.TestUnknownKey, hint, "there is no key %q here", key)
	}
	return true
}

// each calls do for every key of a table.
func (f field) each(do func(field)) {
	if !f.only() {
		return
	}
	for _, key := range f.r.doc.Keys(f.key...) {
		do(f.at(key))
	}
}

func (f field) text() string {
	s, ok := f.value.(string)
	if f.found && !ok {
		f.wrong("text", fmt.Sprintf("write %s = \"...\"", f.name()))
	}
	return s
}

// texts is an array of text; a single one is an array of one.
func (f field) texts() (list []string) {
	if s, ok := f.value.(string); ok {
		return []string{s}
	}
	if !f.found {
		return nil
	}
	elements, isArray := f.value.([]any)
	for _, e := range elements {
		s, ok := e.(string)
		isArray = isArray && ok
		list = append(list, s)
	}
	if !isArray {
		f.wrong("text, or an array of text", fmt.Sprintf("write %s = [\"...\"]", f.name()))
		return nil
	}
	if list == nil {
		list = []string{}
	}
	return list
}

func (f field) boolean() bool {
	b, ok := f.value.(bool)
	if f.found && !ok {
		f.wrong("true or false", "write it without quotes")
	}
	return b
}

// tables calls do for each table of an array, whose keys are among names.
func (f field) tables(example string, names []string, do func(field)) {
	list := tomldoc.Elements(f.value)
	if f.found && list == nil {
		f.wrong("an array of tables", fmt.Sprintf("write %s = %s", f.name(), example))
	}
	for i := range list {
		if one := f.element(i); one.only(names...) {
			do(one)
		}
	}
}

// words reads a table of text; numbers and switches are taken as text.
func (f field) words() map[string]string {
	var all map[string]string
	f.each(func(one field) {
		switch one.value.(type) {
		case string, bool, int64, float64:
		default:
			one.wrong("text", "put it in quotes")
			return
		}
		if all == nil {
			all = map[string]string{}
		}
		all[one.name()] = text(one.value)
	})
	return all
}

// contents reads a table of bytes: text is itself, everything else its JSON.
func (f field) contents() map[string][]byte {
	var all map[string][]byte
	f.each(func(one field) {
		if all == nil {
			all = map[string][]byte{}
		}
		all[one.name()] = []byte(text(one.value))
	})
	return all
}
