package report

import (
	"bytes"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

var update = flag.Bool("update", false, "write the golden files anew")

var writers = []struct {
	name  string
	write func(io.Writer, Report) error
}{
	{"report.json", JSON}, {"junit.xml", JUnit}, {"report.sarif", SARIF},
	{"report.md", Markdown}, {"annotations.txt", Annotations}, {"console.txt", Console},
}

func written(t testing.TB, write func(io.Writer, Report) error, r Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	for _, w := range writers {
		got := written(t, w.write, sample())
		file := filepath.Join("testdata", w.name+".golden")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s (-golden +got):\n%s", w.name, diff)
		}
	}
}

// Whatever order a parallel run ended in, the bytes are the same, and writing
// does not touch the caller's report.
func TestOrderDoesNotMatter(t *testing.T) {
	for seed := range uint64(20) {
		r := sample()
		rnd := rand.New(rand.NewPCG(seed, 1))
		rnd.Shuffle(len(r.Capsules), func(i, j int) { r.Capsules[i], r.Capsules[j] = r.Capsules[j], r.Capsules[i] })
		for _, c := range r.Capsules {
			rnd.Shuffle(len(c.Steps), func(i, j int) { c.Steps[i], c.Steps[j] = c.Steps[j], c.Steps[i] })
			for _, s := range c.Steps {
				rnd.Shuffle(len(s.Findings), func(i, j int) { s.Findings[i], s.Findings[j] = s.Findings[j], s.Findings[i] })
			}
		}
		first := r.Capsules[0].Dir
		for _, w := range writers {
			if diff := cmp.Diff(written(t, w.write, sample()), written(t, w.write, r)); diff != "" {
				t.Fatalf("%s, seed %d:\n%s", w.name, seed, diff)
			}
		}
		if r.Capsules[0].Dir != first {
			t.Fatal("a writer sorted the caller's capsules")
		}
	}
}

func TestWithoutTimes(t *testing.T) {
	a, b := sample(), sample()
	b.Started, b.DurationMS = b.Started.Add(1e9), 5
	for i := range b.Capsules {
		b.Capsules[i].DurationMS += 17
		for j := range b.Capsules[i].Steps {
			b.Capsules[i].Steps[j].DurationMS += 4
		}
	}
	b.Copies = []string{"/elsewhere/zz"}
	build := b.Capsules[1].Step(StepBuild)
	build.Tail = strings.ReplaceAll(build.Tail, "/copies/1", "/elsewhere/zz")
	for i := range build.Findings {
		f := &build.Findings[i]
		f.File, f.Message = strings.ReplaceAll(f.File, "/copies/1", "/elsewhere/zz"), strings.ReplaceAll(f.Message, "/copies/1", "/elsewhere/zz")
	}
	for _, w := range writers {
		if written(t, w.write, a) == written(t, w.write, b) && w.name != "annotations.txt" {
			t.Errorf("%s: the times are not in it, so this test shows nothing", w.name)
		}
		if diff := cmp.Diff(written(t, w.write, a.WithoutTimes()), written(t, w.write, b.WithoutTimes())); diff != "" {
			t.Errorf("%s:\n%s", w.name, diff)
		}
	}
	if b.DurationMS != 5 || b.Capsules[1].Steps[1].DurationMS == 0 {
		t.Error("WithoutTimes changed its receiver")
	}
}

func TestVerdictsAddUp(t *testing.T) {
	for _, c := range []struct {
		steps []Verdict
		want  Verdict
	}{
		{[]Verdict{Passed, Passed}, Passed}, {[]Verdict{Passed, Skipped}, Passed}, {[]Verdict{Skipped, Skipped}, Skipped},
		{[]Verdict{Passed, NotRun}, NotRun}, {[]Verdict{Skipped, NotRun}, NotRun}, {[]Verdict{Failed, NotRun, Passed}, Failed},
		{[]Verdict{Passed, Verdict(99)}, NotRun},
	} {
		capsule := Planned("x", "x", StepCheck)
		capsule.Steps = nil
		for _, v := range c.steps {
			capsule.Steps = append(capsule.Steps, Step{Verdict: v})
		}
		r := Report{Capsules: []Capsule{capsule}}
		r.Settle()
		if got := r.Capsules[0].Verdict; got != c.want {
			t.Errorf("%v: %v, want %v", c.steps, got, c.want)
		}
	}
}

// A run that ended early: what ran is reported, the rest is not run, in every format.
func TestInterrupted(t *testing.T) {
	r := Report{Root: "/r", Interrupted: true, Capsules: []Capsule{Planned("a", "a", StepCheck, StepBuild), Planned("b", "b", StepCheck, StepBuild)}}
	*r.Capsules[0].Step(StepCheck) = Step{Name: StepCheck, Verdict: Passed}
	r.Settle()
	if want := (Summary{Capsules: 2, NotRun: 2}); r.Summary != want {
		t.Errorf("summary %+v", r.Summary)
	}
	for _, w := range writers {
		text := written(t, w.write, r)
		if !strings.Contains(text, "not run") && !strings.Contains(text, "not_run") {
			t.Errorf("%s does not say what was not run:\n%s", w.name, text)
		}
		if w.name != "junit.xml" && w.name != "report.sarif" && !strings.Contains(text, "interrupted") {
			t.Errorf("%s does not say that it was interrupted:\n%s", w.name, text)
		}
	}
}

// A failure without a finding, even without a step, is in every format.
func TestNoFailureIsLost(t *testing.T) {
	r := Report{Root: "/r", Capsules: []Capsule{{Dir: "zz", Verdict: Failed}}}
	for _, w := range writers {
		text := written(t, w.write, r)
		if !strings.Contains(text, "zz") || !strings.Contains(text, "fail") {
			t.Errorf("%s lost a failure:\n%s", w.name, text)
		}
	}
}

func TestCopiesAreTakenOut(t *testing.T) {
	for in, want := range map[string]string{
		"in /c/1/a/b.rs:3":       "in a/b.rs:3",
		"--> /c/1/x /c/1/y":      "--> x y",
		"at /c/1.":               "at /c/1.", // may go on as a name: left alone rather than broken
		"at /c/1 and /c/1/":      "at . and ./",
		"/c/12/x /c/1-b":         "/c/12/x /c/1-b",
		"\"/c/1\"":               "\".\"",
		"/c/1/.hidden and /c/1é": ".hidden and /c/1é",
	} {
		if got := (Report{Copies: longestFirst([]string{"/c/1/", "/"})}).text(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestPaths(t *testing.T) {
	r := Report{Root: "/src", Copies: []string{"/copy"}}
	for _, c := range []struct{ dir, file, want string }{
		{"a", "x.rs", "a/x.rs"}, {".", "x.rs", "x.rs"}, {"a", "../shared/x", "shared/x"}, {"a", "/src/b/x", "b/x"},
		{"a", "/copy/b/x", "b/x"}, {"a", "/copyx/b", "/copyx/b"}, {"a", "/usr/x.h", "/usr/x.h"}, {"/out", "x", "/out/x"}, {"a", "", ""}, {"a", "/src", "."},
	} {
		if got := r.path(c.dir, c.file); got != c.want {
			t.Errorf("%q in %q: got %q, want %q", c.file, c.dir, got, c.want)
		}
	}
}

func TestLongTexts(t *testing.T) {
	c := Planned("big", "big", StepBuild)
	c.Steps[0] = Step{Name: StepBuild, Verdict: Failed, Tail: strings.Repeat("a line of ünicode\n", 1<<13),
		Findings: slices.Repeat([]finding.Finding{{Message: strings.Repeat("é", 10<<10)}}, 60)}
	r := Report{Root: "/r", Capsules: slices.Repeat([]Capsule{c}, 4)}
	for _, w := range writers {
		text := written(t, w.write, r)
		if !strings.Contains(text, "left out") && w.name != "annotations.txt" {
			t.Errorf("%s does not say that something is left out", w.name)
		}
		if w.name == "report.md" && len(text) > 1<<20 {
			t.Errorf("%s has %d bytes", w.name, len(text))
		}
		if strings.Contains(text, "\uFFFD") {
			t.Errorf("%s cuts inside a character", w.name)
		}
	}
}

func TestEnumsRoundTrip(t *testing.T) {
	for v := range Verdict(len(verdicts)) {
		text, err := v.MarshalText()
		var back Verdict
		if err2 := back.UnmarshalText(text); err != nil || err2 != nil || back != v || len(text) == 0 {
			t.Errorf("%d: %q, %v, %v", v, text, err, err2)
		}
	}
	for s := range StepName(len(steps)) {
		text, err := s.MarshalText()
		var back StepName
		if err2 := back.UnmarshalText(text); err != nil || err2 != nil || back != s || len(text) == 0 {
			t.Errorf("%d: %q, %v, %v", s, text, err, err2)
		}
	}
	if _, err := Verdict(9).MarshalText(); err == nil {
		t.Error("a verdict that is none was written")
	}
	if err := JSON(io.Discard, Report{Capsules: []Capsule{{Dir: "a", Steps: []Step{{Name: 99}}}}}); err == nil {
		t.Error("a step that is none was written")
	}
}

// Three hundred capsules with one fault have one remedy, which is read once.
func TestConsoleTellsARemedyOnce(t *testing.T) {
	var r Report
	for _, dir := range []string{"a", "b"} {
		f := finding.Finding{Code: "c", Message: "it is " + dir, Hint: "do this"}
		r.Capsules = append(r.Capsules, Capsule{Dir: dir, Steps: []Step{{Name: StepBuild, Verdict: Failed, Findings: []finding.Finding{f}}}})
	}
	var b strings.Builder
	if err := Console(&b, r); err != nil || strings.Count(b.String(), "do this") != 1 || !strings.Contains(b.String(), "it is b") {
		t.Errorf("%v\n%s", err, b.String())
	}
}
