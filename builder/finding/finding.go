// Package finding says what is wrong, where, and what to do about it.
//
// It is the one shape that every room uses to tell a person about a fault:
// manifest errors, compiler diagnostics, smoke-load verdicts and CI reports.
package finding

import (
	"fmt"
	"slices"
	"sort"
)

// Severity is how much a finding matters. The zero value is Error, so that a
// finding whose author forgot to choose is never overlooked.
type Severity int

const (
	Error   Severity = iota // the capsule cannot be used as it is
	Warning                 // it works, but not as its author expects
	Note                    // worth knowing
)

var names = [...]string{"error", "warning", "note"}

func (s Severity) String() string {
	if s < 0 || int(s) >= len(names) {
		return fmt.Sprintf("severity(%d)", int(s))
	}
	return names[s]
}

// MarshalText writes "error", "warning" or "note".
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (s *Severity) UnmarshalText(text []byte) error {
	for i, name := range names {
		if name == string(text) {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("unknown severity %q", text)
}

// Finding is one fault. A compiler's diagnostic is a Finding without Code and Hint.
type Finding struct {
	Code     Code     `json:"code,omitempty"` // one of Codes, or a compiler's own
	Severity Severity `json:"severity"`
	File     string   `json:"file,omitempty"`   // relative to the capsule's folder where it lies in it, else absolute
	Line     int      `json:"line,omitempty"`   // 1-based; 0 is unknown
	Column   int      `json:"column,omitempty"` // 1-based, in bytes; 0 is unknown
	Message  string   `json:"message"`          // what is wrong, one sentence, lower case, no full stop
	Hint     string   `json:"hint,omitempty"`   // what to do, with the exact line to write where there is one
}

// String is "file:line:column: severity: message [code]", leaving out what is unknown.
func (f Finding) String() string {
	s := f.Severity.String() + ": " + f.Message
	if f.Code != "" {
		s += " [" + string(f.Code) + "]"
	}
	if where := f.Where(); where != "" {
		s = where + ": " + s
	}
	return s
}

// Where is "file:line:column" as far as it is known, or "".
func (f Finding) Where() string {
	where := f.File
	if where == "" || f.Line == 0 {
		return where
	}
	where += fmt.Sprintf(":%d", f.Line)
	if f.Column != 0 {
		where += fmt.Sprintf(":%d", f.Column)
	}
	return where
}

// Count returns how many findings in list have severity s.
func Count(list []Finding, s Severity) int {
	n := 0
	for _, f := range list {
		if f.Severity == s {
			n++
		}
	}
	return n
}

// Only is the findings of list with severity s.
func Only(list []Finding, s Severity) (only []Finding) {
	for _, f := range list {
		if f.Severity == s {
			only = append(only, f)
		}
	}
	return only
}

// Has reports whether list has a finding of the code.
func Has(list []Finding, code Code) bool {
	return slices.ContainsFunc(list, func(f Finding) bool { return f.Code == code })
}

// Sort orders list by severity, then by file, line, column, code and message.
func Sort(list []Finding) {
	sort.SliceStable(list, func(i, j int) bool { return less(list[i], list[j]) })
}

func less(a, b Finding) bool {
	switch {
	case a.Severity != b.Severity:
		return a.Severity < b.Severity
	case a.File != b.File:
		return a.File < b.File
	case a.Line != b.Line:
		return a.Line < b.Line
	case a.Column != b.Column:
		return a.Column < b.Column
	case a.Code != b.Code:
		return a.Code < b.Code
	}
	return a.Message < b.Message
}
