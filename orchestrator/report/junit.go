package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
)

// The elements and attributes are the ones that Surefire writes and that Jenkins
// and GitLab read; nothing else is used, so that strict readers take it too.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string          `xml:"name,attr"`
		Tests      int             `xml:"tests,attr"`
		Failures   int             `xml:"failures,attr"`
		Errors     int             `xml:"errors,attr"`
		Skipped    int             `xml:"skipped,attr"`
		Time       string          `xml:"time,attr"`
		Timestamp  string          `xml:"timestamp,attr,omitempty"`
		File       string          `xml:"file,attr"`
		Properties junitProperties `xml:"properties"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitProperties struct {
		List []junitProperty `xml:"property"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name    string        `xml:"name,attr"`
		Class   string        `xml:"classname,attr"`
		Time    string        `xml:"time,attr"`
		Skipped *junitSkipped `xml:"skipped"`
		Failure *junitFailure `xml:"failure"`
		Out     string        `xml:"system-out,omitempty"`
		Err     string        `xml:"system-err,omitempty"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
	junitFailure struct {
		Type    string `xml:"type,attr"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes r as JUnit XML: a suite a capsule, a test case a step, and one a test of the capsule. A step that
// was skipped or not run is a skipped case; findings that did not fail their step
// stand in its system-err, what the failed step printed in its system-out.
func JUnit(w io.Writer, r Report) error {
	p := prepare(r)
	doc := junitSuites{Name: text.ShownName(p.Tool.Name) + " verify", Time: junitTime(p.DurationMS)}
	for _, c := range p.Capsules {
		s := junitOf(c, p.Started)
		doc.Tests, doc.Failures = doc.Tests+s.Tests, doc.Failures+s.Failures
		doc.Suites = append(doc.Suites, s)
	}
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err == nil {
		// The encoder spells line ends and tabs out, which nobody can read. No
		// attribute has any (see line and label), so all of these stand in text.
		readable := strings.NewReplacer("&#xA;", "\n", "&#x9;", "\t").Replace(string(text))
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, readable)
	}
	if err != nil {
		return fmt.Errorf("writing the junit report: %w", err)
	}
	return nil
}

func junitOf(c Capsule, started time.Time) junitSuite {
	s := junitSuite{Name: text.ShownName(c.title()), Time: junitTime(c.DurationMS), File: text.ShownName(c.manifest())}
	if !started.IsZero() {
		s.Timestamp = started.Format("2006-01-02T15:04:05") // without a zone, as Surefire writes it
	}
	s.Properties.List = []junitProperty{{"dir", text.ShownName(c.Dir)}, {"verdict", c.Verdict.String()}}
	if c.SourceHash != "" {
		s.Properties.List = append(s.Properties.List, junitProperty{"source_hash", text.ShownName(c.SourceHash)})
	}
	for _, a := range c.Artifacts {
		s.Properties.List = append(s.Properties.List, junitProperty{"artifact_hash." + text.ShownName(a.ID), text.ShownName(a.Hash)})
	}
	for _, step := range c.Steps {
		s.add(junitCaseOf(c, step))
		for _, one := range step.Cases {
			s.add(junitPart(one))
		}
	}
	if len(c.Steps) == 0 {
		only := junitCaseOf(c, Step{Verdict: c.Verdict, Reason: c.Reason})
		only.Name = "verify"
		s.add(only)
	}
	return s
}

func (s *junitSuite) add(c junitCase) {
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Skipped != nil {
		s.Skipped++
	}
	s.Cases = append(s.Cases, c)
}

func junitCaseOf(c Capsule, s Step) junitCase {
	out := junitCase{Name: s.Name.String(), Class: text.ShownName(c.Dir), Time: junitTime(s.DurationMS), Out: text.Shown(s.Tail)}
	switch s.Verdict {
	case Failed:
		list := c.complaints(s)
		out.Failure = &junitFailure{Type: text.ShownName(string(list[0].Code)), Message: oneLine(list[0]), Text: paragraph(list)}
		if out.Failure.Type == "" {
			out.Failure.Type = s.Name.String()
		}
		return out
	case NotRun, Skipped:
		out.Skipped = &junitSkipped{Message: because(s.Verdict, s.Reason, c.Reason)}
	}
	out.Err = paragraph(s.Findings)
	return out
}

// junitPart is a case of its own for a part of a step, such as a test: its class is its file.
func junitPart(c Case) junitCase {
	out := junitCase{Name: text.ShownName(c.Name), Class: text.ShownName(c.File), Time: junitTime(c.DurationMS)}
	if len(c.Findings) > 0 {
		out.Failure = &junitFailure{Type: text.ShownName(string(c.Findings[0].Code)), Message: oneLine(c.Findings[0]), Text: paragraph(c.Findings)}
	}
	return out
}

// paragraph is a list of findings, each on its line with its hint below.
func paragraph(list []finding.Finding) string {
	var b strings.Builder
	for _, f := range list {
		fmt.Fprintf(&b, "%s\n", oneLine(f))
		if hint := strings.TrimSpace(text.Shown(f.Hint)); hint != "" {
			fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(hint, "\n", "\n  "))
		}
	}
	return b.String()
}

// junitTime is seconds with three decimals, the one form every reader takes.
func junitTime(ms int64) string {
	ms = max(ms, 0)
	return fmt.Sprintf("%d.%03d", ms/1000, ms%1000)
}
