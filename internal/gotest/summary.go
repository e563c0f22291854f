package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// event is one line of go test -json.
type event struct {
	Action, Package, Test, Output string
}

// summary prints what go test prints without -v, and keeps what was skipped.
type summary struct {
	out      io.Writer
	packages map[string]*outcome
	skipped  []string
	long     int // tests that this run leaves out only because they take long
}

// outcome is what a package's tests said so far.
type outcome struct {
	order  []string            // tests with output, in the order in which they began
	output map[string][]string // lines by test; under "" the package's own
	failed bool                // one of the tests
}

func newSummary(out io.Writer) *summary {
	return &summary{out: out, packages: map[string]*outcome{}}
}

// read takes in events until their end. What is no event is printed as it is.
func (s *summary) read(r io.Reader) error {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		var e event
		switch {
		case len(line) == 0:
		case json.Unmarshal(line, &e) != nil:
			s.out.Write(line)
		default:
			s.add(e)
		}
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (s *summary) add(e event) {
	p := s.packages[e.Package]
	if p == nil {
		p = &outcome{output: map[string][]string{}}
		s.packages[e.Package] = p
	}
	switch {
	case e.Action == "build-output":
		io.WriteString(s.out, e.Output)
	case e.Action == "output":
		p.note(e)
	case e.Test == "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip"):
		s.end(p)
		delete(s.packages, e.Package)
	case e.Action == "skip":
		s.skip(e, reason(p.output[e.Test]))
		p.forget(e.Test)
	case e.Action == "pass":
		p.forget(e.Test)
	case e.Action == "fail":
		p.failed = true
	}
}

// note keeps a line, unless it only tells which test runs.
func (p *outcome) note(e event) {
	if strings.HasPrefix(e.Output, "=== ") {
		return
	}
	if _, known := p.output[e.Test]; !known && e.Test != "" {
		p.order = append(p.order, e.Test)
	}
	p.output[e.Test] = append(p.output[e.Test], e.Output)
}

// forget drops what a test said that did not fail; of one that has no end yet nothing is dropped.
func (p *outcome) forget(test string) { p.output[test] = nil }

// end prints a package's lines, after those of the tests that failed or did not come to
// their end. The package's own PASS, and what its tests print beside their log, are shown
// as go test does: only when something failed.
func (s *summary) end(p *outcome) {
	own := p.output[""]
	for _, test := range p.order {
		for _, line := range p.output[test] {
			io.WriteString(s.out, line)
		}
	}
	for i, line := range own {
		if p.failed && line != "PASS\n" || i == len(own)-1 || strings.HasPrefix(line, "panic") {
			io.WriteString(s.out, line)
		}
	}
}

// skip notes a skipped test.
func (s *summary) skip(e event, why string) {
	if strings.HasPrefix(why, leftOut) {
		s.long++
		return
	}
	s.skipped = append(s.skipped, fmt.Sprintf("%s %s: %s", short(e.Package), e.Test, why))
}

// leftOut is how the reason begins of a test that was not drawn, see testkit.Long.
const leftOut = "this run leaves it out"

// skips prints what was skipped, with the reasons.
func (s *summary) skips() {
	none := "no test"
	if s.long > 0 {
		none = "no other test"
		fmt.Fprintf(s.out, "\nlong tests left out: %d; each run draws others; ASTRID_DEV_THOROUGH=1 takes all\n", s.long)
	}
	if len(s.skipped) == 0 {
		fmt.Fprintf(s.out, "\n%s was skipped\n", none)
		return
	}
	fmt.Fprintln(s.out, "\nskipped:")
	for _, line := range s.skipped {
		fmt.Fprintln(s.out, "  "+line)
	}
}

// logged is a line of a test's log: file, line number, text.
var logged = regexp.MustCompile(`^\s+\S+\.go:\d+: (.*)`)

// reason is what a skipped test said last. Of a script that is before its own log, which
// begins with its environment.
func reason(lines []string) string {
	said := "it does not say why"
	for _, line := range lines {
		m := logged.FindStringSubmatch(line)
		if m == nil || strings.HasPrefix(m[1], "WORK=") {
			continue
		}
		said = strings.TrimSpace(m[1])
	}
	return said
}

// short is a package's path without the module's.
func short(path string) string {
	return strings.TrimPrefix(path, "github.com/astrid-runtime/astrid-dev/")
}
