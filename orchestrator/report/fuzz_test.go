package report

import (
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// fragments are what breaks one format or another.
var fragments = []string{"", "x", "a b", hostile, "|", "\\", "a\\|b", "```", "\n````\n", "]]>", "\n::error::x\r", "##[error]x", "\r", "\n", "\t", "\u2028",
	"\x1b]0;t\x07\x1b[", "\x1b[31m", "\xed\xa0\x80\xff", "\ufffe\uffff\x7f\u0085", "&#xA;", "<!--", "%0A%25", ":", ",", "/", "../", "a/b", "file:", "https://x.y", "#", "- [ ] ", "\x00"}

// reportOf makes a report whose every text and number comes from data, and when that
// is used up, from a generator that it seeds: a report is never mostly empty.
func reportOf(data []byte) Report {
	sum := sha256.Sum256(data)
	more := rand.NewChaCha8(sum)
	next := func() byte {
		if len(data) == 0 {
			return byte(more.Uint64())
		}
		b := data[0]
		data = data[1:]
		return b
	}
	text := func() string {
		s := ""
		for range next() % 4 {
			s += fragments[int(next())%len(fragments)]
		}
		n := min(int(next()%16), len(data))
		s += string(data[:n])
		data = data[n:]
		return s
	}
	r := Report{Tool: Tool{text(), text()}, Root: "/" + text(), DurationMS: int64(int8(next())), Options: Options{ChangedSince: text()},
		Interrupted: next()&1 == 1, Copies: []string{"/" + text()}}
	for range next() % 4 {
		c := Capsule{Name: text(), Dir: text(), Verdict: Verdict(next() % 4), Reason: text(), SourceHash: text(),
			Artifacts: []Artifact{{ID: text(), Path: text(), Hash: text(), Kind: text(), Size: int64(int8(next()))}}}
		for range next() % 4 {
			s := Step{Name: StepName(next() % 7), Verdict: Verdict(next() % 4), Reason: text(), Tail: text(), DurationMS: int64(int8(next()))}
			for range next() % 4 {
				s.Findings = append(s.Findings, finding.Finding{Code: finding.Code(text()), Severity: finding.Severity(next() % 3), File: text(),
					Line: int(int8(next())), Column: int(int8(next())), Message: text(), Hint: text()})
			}
			c.Steps = append(c.Steps, s)
		}
		r.Capsules = append(r.Capsules, c)
	}
	return r
}

// seed adds reports enough for a run without -fuzz to mean something.
func seed(f *testing.F) {
	for i := range 100 {
		f.Add([]byte{byte(i)})
	}
	f.Add([]byte(strings.Repeat("\x00\x0f"+hostile, 9)))
}

func FuzzJUnit(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		text := written(t, JUnit, reportOf(data))
		if err := wellFormed(text); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
		if err := xmllint(t, text); err != "" {
			t.Errorf("%s\n%s", err, text)
		}
	})
}

func wellFormed(text string) error {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func FuzzSARIF(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		text := written(t, SARIF, reportOf(data))
		if err := follows(t, sarifSchema, text); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	})
}

func FuzzJSON(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		text := written(t, JSON, reportOf(data))
		if err := follows(t, jsonSchema, text); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	})
}

func FuzzMarkdown(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := reportOf(data)
		text := written(t, Markdown, r)
		if err := markdownFaults(text, len(r.Capsules)); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	})
}

// ours are the only lines that may stand outside a code block and the table.
var ours = regexp.MustCompile(`^(|##+ .*|  |- \*\*(error|warning|note)\*\* .*|- [0-9]+ findings? more|The end of what [a-z-]+ printed:)$`)

// markdownFaults reads a page as a renderer would and says where text of the report
// has become markup: a table with other rows or columns than capsules, a code block that
// ends early or never, a line or a character that is not ours.
func markdownFaults(page string, capsules int) error {
	fence, rows := "", 0
	for _, l := range strings.Split(page, "\n") {
		trimmed := strings.TrimLeft(l, " ")
		ticks := len(trimmed) - len(strings.TrimLeft(trimmed, "`"))
		switch {
		case fence != "":
			if ticks >= len(fence) && strings.Trim(trimmed, "` ") == "" {
				fence = ""
			}
		case ticks >= 3 && trimmed[ticks:] == "text":
			fence = trimmed[:ticks]
		case strings.HasPrefix(l, "|"):
			rows++
			if n := bare(l, '|'); n != 8 {
				return fmt.Errorf("a row has %d bars: %q", n, l)
			}
			fallthrough
		default:
			if rows == 0 && strings.HasPrefix(l, "|") || !strings.HasPrefix(l, "|") && !ours.MatchString(l) {
				return fmt.Errorf("a line is not ours: %q", l)
			}
			for _, c := range "`<>[]!@~$" {
				if bare(l, c) > 0 {
					return fmt.Errorf("an unescaped %q: %q", c, l)
				}
			}
		}
	}
	want := 0
	if capsules > 0 {
		want = capsules + 2
	}
	if fence != "" || rows != want {
		return fmt.Errorf("open fence %q, %d rows for %d capsules", fence, rows, capsules)
	}
	return nil
}

// bare counts the c in s that no backslash escapes.
func bare(s string, c rune) int {
	n, escaped := 0, false
	for _, r := range s {
		if r == c && !escaped {
			n++
		}
		escaped = r == '\\' && !escaped
	}
	return n
}

// The oracle of FuzzMarkdown sees what it is there for.
func TestMarkdownFaultsAreSeen(t *testing.T) {
	good := written(t, Markdown, sample())
	if err := markdownFaults(good, 5); err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{"| broken |", "| bro|ken |"}, {"| broken |", "| bro\\\\|ken |"}, {"| broken |", "| bro\nken |"}, {"\\[x\\]", "[x]"}, {"&lt;script", "<script"}, {"\\`c", "`c"},
		{"`````text", "````text"}, {"\n`````\n", "\n"}, {"&#64;me", "@me"}, {"| late |", "|"}, {"### broken", "broken"},
	} {
		bad := strings.Replace(good, change[0], change[1], 1)
		if bad == good {
			t.Errorf("%q is not in the page", change[0])
		}
		if markdownFaults(bad, 5) == nil {
			t.Errorf("not seen: %q in place of %q", change[1], change[0])
		}
	}
}

var command = regexp.MustCompile(`^::(error|warning|notice)( (file|line|col|title)=[^:,\r\n]*(,(file|line|col|title)=[^:,\r\n]*)*)?::[^\r\n]*$`)

func FuzzAnnotations(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r := reportOf(data)
		lines := strings.Split(strings.TrimSuffix(written(t, Annotations, r), "\n"), "\n")
		for _, l := range lines {
			if !command.MatchString(l) {
				t.Errorf("not one command: %q", l)
			}
		}
		want := 0
		for _, c := range prepare(r).Capsules {
			for _, s := range c.Steps {
				want += len(c.complaints(s))
			}
		}
		if want <= 9 && len(lines) != want+1 {
			t.Errorf("%d lines for %d findings", len(lines), want)
		}
	})
}

func FuzzConsole(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		text := written(t, Console, reportOf(data))
		for _, l := range strings.Split(text, "\n") {
			if strings.HasPrefix(strings.TrimSpace(l), "::") || strings.Contains(l, "##[") || strings.ContainsAny(l, "\x00\x07\x1b\r\x7f") {
				t.Errorf("a line that is not inert: %q", l)
			}
		}
	})
}

func TestAnnotationsAreLimitedAndFair(t *testing.T) {
	r := Report{Root: "/r"}
	for i := range 4 {
		c := Planned(fmt.Sprint("c", i), fmt.Sprint("c", i), StepBuild)
		c.Steps[0].Verdict = Failed
		for j := range 30 {
			c.Steps[0].Findings = append(c.Steps[0].Findings, finding.Finding{Severity: finding.Severity(j % 3), Line: j, File: "f", Message: "m"})
		}
		r.Capsules = append(r.Capsules, c)
	}
	text := written(t, Annotations, r)
	for kind, want := range map[string]int{"::error ": 10, "::warning ": 10, "::notice ": 10} {
		if n := strings.Count("\n"+text, "\n"+kind); n != want {
			t.Errorf("%d of %s", n, kind)
		}
	}
	lines := strings.Split(text, "\n")
	for i := range 4 {
		if !strings.Contains(lines[i], fmt.Sprintf("title=c%d:", i)) {
			t.Errorf("line %d is %q", i, lines[i])
		}
	}
	if last := lines[len(lines)-2]; !strings.Contains(last, "91 findings not shown") {
		t.Errorf("the last line is %q", last)
	}
}
