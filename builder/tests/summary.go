package tests

import (
	"fmt"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/behaviour"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// Summary is what came of a capsule's tests.
type Summary struct {
	Ran    []Ran             `json:"ran,omitempty"`    // in the order of the files
	Faults []finding.Finding `json:"faults,omitempty"` // files that cannot be read
	Millis int64             `json:"ms"`
}

// Ran is what came of one test. It passed when nothing is missed.
type Ran struct {
	Name   string  `json:"name"`
	File   string  `json:"file"` // a slash path below the capsule
	Line   int     `json:"line"` // of its header
	Millis float64 `json:"ms"`
	Missed []Miss  `json:"missed,omitempty"`
	Late   bool    `json:"late,omitempty"` // it did not end in its time, or was not run because others did not

	Key  string `json:"key,omitempty"`  // equal keys have the same outcome; "": nobody can say
	Same bool   `json:"same,omitempty"` // it was not run again: its key is that of a run before

	Updated bool `json:"updated,omitempty"` // all that it missed stands in its file now

	test *Test
	call *behaviour.Call // what its call did; nil: it was not made
	seen *seen           // the same, to be written into its file; nil: it was not made, or did not end well
}

// Miss is an expectation that was not met.
type Miss struct {
	Line    int    `json:"line"`
	Message string `json:"message"`        // one sentence
	Diff    string `json:"diff,omitempty"` // from what was expected to what came
	Hint    string `json:"hint,omitempty"`

	kind    string // of the expectation; "": the test itself
	index   int    // of the expectation; -1: the test itself
	got     any    // what would meet it; nil: nothing would that a file can say
	written bool   // what came stands in the file now
}

func (t *Test) ran() Ran { return Ran{Name: t.Name, File: t.File, Line: t.Line, test: t} }

// Left says what --update did with an expectation, and why it did not write what came in its place.
func (m Miss) Left() string {
	if m.written {
		return "--update wrote what came"
	}
	switch m.kind {
	case "":
		return "--update writes expectations, and this is none"
	case "contains":
		return "--update leaves it: which part of a text is meant only you know"
	case "matches":
		return "--update leaves it: it writes no regular expressions"
	case "published", "log":
		return "--update leaves it: nothing came that could stand here, and it takes no expectation away"
	}
	return "--update leaves it: a file of tests cannot say what came"
}

// Passed is how many tests passed.
func (s *Summary) Passed() (n int) {
	for _, r := range s.Ran {
		if len(r.Missed) == 0 {
			n++
		}
	}
	return n
}

// Failed reports whether a test failed, or a file of tests cannot be read.
func (s *Summary) Failed() bool { return len(s.Faults) > 0 || s.Passed() < len(s.Ran) }

// Findings are the misses and the faults, each an error with its place in the file.
func (s *Summary) Findings() []finding.Finding {
	list := append([]finding.Finding(nil), s.Faults...)
	for _, r := range s.Ran {
		list = append(list, r.Findings()...)
	}
	return list
}

// Findings are what the test missed.
func (r *Ran) Findings() (list []finding.Finding) {
	code := finding.TestFailed
	if r.Late {
		code = finding.TestTimeout
	}
	for _, m := range r.Missed {
		f := finding.Finding{Code: code, Severity: finding.Error, File: r.File, Line: m.Line, Message: fmt.Sprintf("%s: %s", r.Name, m.Message), Hint: m.Hint}
		if f.Hint == "" {
			f.Hint = "mend the capsule, or if it is right write what came with astrid-dev test --update"
		}
		list = append(list, f)
	}
	return list
}

// Diffs is what is to be read beside the findings, a test after the other; "" where there is
// nothing.
func (s *Summary) Diffs() string {
	var b strings.Builder
	for _, r := range s.Ran {
		for _, m := range r.Missed {
			if m.Diff != "" {
				fmt.Fprintf(&b, "%s:%d: %s\n%s", r.File, m.Line, r.Name, m.Diff)
			}
		}
	}
	return b.String()
}
