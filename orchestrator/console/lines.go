package console

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

const (
	reset = "\x1b[0m"

	tailShown  = 20 // lines of a failed build's output: what fits above the fold of a small terminal
	filesNamed = 5
)

// colour of the first word of a line. Warnings are magenta, as those of gcc and clang: yellow cannot be
// read on a light background, where many palettes give it a contrast below two (TestColoursCanBeRead).
type colour string

const (
	plain   colour = ""
	green   colour = "\x1b[32m"
	red     colour = "\x1b[31m"
	boldRed colour = "\x1b[1;31m"
	magenta colour = "\x1b[35m"
	dim     colour = "\x1b[2m"
)

// entry is what one event looks like: a word, what it is about, and lines below.
type entry struct {
	colour colour
	word   string
	about  string // the capsule's name or, without one, its folder
	text   string
	below  []line
}

// line is one line below an event's first. What has a place is never cut: a problem matcher
// reads it, and an editor's terminal finds the file by it.
type line struct {
	text  string
	place string // with which text begins, as "src/lib.rs:3:1"; "": it has none
	file  string // that it names, absolute
	level string // the severity's word, which follows the place
}

// plainLines are lines without a place.
func plainLines(list []string) (lines []line) {
	for _, text := range list {
		lines = append(lines, line{text: text})
	}
	return lines
}

// entryFor is the whole of what a person is told about e. dir shortens paths.
func entryFor(e event.Event, dir string) entry {
	n := entry{word: string(e.Body.Kind()), about: e.Capsule}
	if n.about == "" && e.Dir != "" {
		n.about = short(e.Dir, dir)
	}
	switch b := e.Body.(type) {
	case event.Ready:
		n.colour, n.text = green, "watching "+text.Count(b.Capsules, "capsule")
	case event.CapsuleAdded:
		n.word, n.text = "added", place(e, dir)
	case event.CapsuleRemoved:
		n.word, n.text = "removed", place(e, dir)
	case event.Unchanged:
		n.colour, n.text, n.below = dim, unchangedText(b), plainLines(fileLines(b.Files))
		if b.Rebuilt {
			n.below = append(n.below, remarkLines(b.Findings, e.Dir, dir)...)
		}
	case event.BuildStarted:
		n.colour, n.word, n.text = dim, "building", whyText(b)
	case event.BuildSuperseded:
		n.colour, n.word, n.text = dim, "stopped", "its sources changed again"
	case event.BuildFailed:
		n.colour, n.word, n.text = red, "failed", failedText(b)
		n.below = slices.Concat(findingLines(b.Diagnostics, e.Dir, dir), plainLines(tailLines(b)), plainLines(standingLines(b.Reason, b.Hint)))
	case event.SmokeFailed:
		n.colour, n.word, n.text = red, "failed", "it was built, and the smoke load refuses it: "+counts(b.Findings)
		n.below = slices.Concat(findingLines(b.Findings, e.Dir, dir), plainLines(lastLines(b.Tail)), plainLines(standingLines(b.Reason, b.Hint)))
	case event.Reload:
		n.colour, n.text, n.below = green, reloadText(b), remarkLines(b.Findings, e.Dir, dir)
	case event.Warning:
		n.colour, n.text, n.below = magenta, b.Message, plainLines(hintLine(b.Hint))
	case event.Held:
		n.colour, n.text, n.below = magenta, b.Message, plainLines(append(fileLines(b.Files), hintLine(b.Hint)...))
	case event.Idle:
		n.colour, n.text = idleText(b)
	case event.Serving:
		n.word, n.text = "page", b.URL
	case event.HookEnded:
		n.colour, n.word, n.text = dim, "ran", "--on-"+b.After+"  "+text.Seconds(b.HookMS)
	case event.Live:
		n.colour, n.text = green, liveText(b)
	case event.LiveFailed:
		n.colour, n.word, n.text, n.below = red, "not live", b.Reason, liveLines(b, e.Dir, dir)
	}
	return n
}

// whyText is why a build begins: the files that changed, where that is the reason.
func whyText(e event.BuildStarted) string {
	if len(e.Changed) == 0 {
		return e.Reason
	}
	named := strings.Join(e.Changed[:min(len(e.Changed), 2)], ", ")
	if more := max(e.ChangedCount, len(e.Changed)) - 2; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	if e.Reason == "changed" || e.Reason == "" || e.Reason == "outside inputs, settings or toolchain changed" {
		return named + " changed"
	}
	return e.Reason + ": " + named + " changed"
}

// doneEntry is what a run is told of that ends with this idle.
func doneEntry(e event.Idle) entry {
	if e.Failed > 0 {
		return entry{colour: red, word: "done", text: fmt.Sprintf("%d of %s failed", e.Failed, text.Count(e.Capsules, "capsule"))}
	}
	return entry{colour: green, word: "done", text: text.Count(e.Capsules, "capsule")}
}

// place is where a capsule is, unless its name says so already.
func place(e event.Event, dir string) string {
	at := short(e.Dir, dir)
	if at == e.Capsule || e.Capsule == "" {
		return ""
	}
	return "in " + at
}

func reloadText(e event.Reload) string {
	parts := []string{fmt.Sprintf("#%d", e.Generation)}
	if len(e.Components) > 1 {
		total := int64(0)
		for _, c := range e.Components {
			total += c.Size
		}
		parts = append(parts, text.Size(total)+" in "+text.Count(len(e.Components), "component"))
	} else {
		parts = append(parts, kindOf(e.Artifact))
	}
	times := "built " + text.Seconds(e.BuildMS) + ", loaded " + text.Seconds(e.SmokeMS)
	if e.LatencyMS > 0 {
		times += ", " + text.Seconds(e.LatencyMS) + " after the edit"
	}
	return strings.Join(append(parts, times), "  ")
}

func unchangedText(e event.Unchanged) string {
	times := "built " + text.Seconds(e.BuildMS) + ", loaded " + text.Seconds(e.SmokeMS)
	switch {
	case e.Rebuilt:
		return e.Reason + ": no reload  " + times
	case e.Reason != "":
		return e.Reason
	case e.Hash == "":
		return "nothing to build"
	}
	stands := "up to date  " + kindOf(e.Artifact)
	if len(e.Findings) > 0 {
		stands += "  (" + remarks(e.Findings) + ")"
	}
	return stands
}

// kindOf is how large a module is, and what. That it is a release is a matter of course.
func kindOf(a event.Artifact) string {
	if a.Quality == event.Debug {
		return text.Size(a.Size) + " debug " + a.Type
	}
	return strings.TrimSpace(text.Size(a.Size) + " " + a.Type)
}

func failedText(e event.BuildFailed) string {
	text := "its " + e.Step + " step failed"
	switch e.Step {
	case "", "build":
		text = "the build failed"
	case "sources":
		text = "its sources cannot be read"
	case "manifest":
		text = "Capsule.toml cannot be used"
	case "tests":
		text = "a test failed, and Capsule.toml requires them"
	case "toolchain":
		text = "the build cannot start"
	}
	if len(e.Diagnostics) > 0 {
		text += ": " + counts(e.Diagnostics)
	}
	switch {
	case e.ExitCode == -1:
		text += " (ended by a signal)"
	case e.ExitCode != 0:
		text += fmt.Sprintf(" (exit code %d)", e.ExitCode)
	}
	return text
}

func idleText(e event.Idle) (colour, string) {
	switch {
	case e.Failed == 0:
		return dim, "nothing to do; " + text.Count(e.Capsules, "capsule") + " watched"
	case e.Capsules == 1:
		return red, "the capsule has failed"
	}
	return red, fmt.Sprintf("%d of %s failed", e.Failed, text.Count(e.Capsules, "capsule")) + failing(e.Failing)
}

// failing names capsules, as ": a, b and 3 more".
func failing(list []event.Subject) string {
	var names []string
	for _, s := range list[:min(len(list), filesNamed)] {
		names = append(names, cmp.Or(s.Capsule, filepath.Base(s.Dir)))
	}
	if len(names) == 0 {
		return ""
	}
	named := ": " + strings.Join(names, ", ")
	if more := len(list) - len(names); more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return named
}

// counts is "2 errors, 1 warning".
func counts(list []finding.Finding) string {
	var parts []string
	for _, s := range []finding.Severity{finding.Error, finding.Warning, finding.Note} {
		if n := finding.Count(list, s); n > 0 {
			parts = append(parts, text.Count(n, s.String()))
		}
	}
	if len(parts) == 0 {
		return "no reason was given"
	}
	return strings.Join(parts, ", ")
}

// findingLines lists errors first, in the order they were found: a compiler's
// first error is often the cause of the others.
func findingLines(list []finding.Finding, capsule, dir string) []line {
	var lines []line
	for _, s := range []finding.Severity{finding.Error, finding.Warning, finding.Note} {
		for _, f := range list {
			if f.Severity != s {
				continue
			}
			lines = append(lines, placedLines(f, capsule, dir)...)
		}
	}
	return lines
}

// placedLines is f, whose file is relative to capsule, as seen from dir.
func placedLines(f finding.Finding, capsule, dir string) []line {
	file := ""
	if f.File != "" {
		file = absolute(capsule, f.File)
		f.File = short(file, dir)
	}
	lines := plainLines(Lines(f))
	lines[0].level, lines[0].file = f.Severity.String(), file
	f.File = text.Name(f.File)
	lines[0].place = f.Where()
	return lines
}

// Lines is f for a person: its first line, and indented what else its message
// says and its hint. No name in it makes a line.
func Lines(f finding.Finding) []string {
	f.File, f.Code = text.Name(f.File), finding.Code(text.Name(string(f.Code)))
	all := text.Block(strings.TrimRight(f.String(), "\n"), "  ")
	if f.Hint != "" {
		all += "\n" + text.Block("  "+strings.Join(hintLine(f.Hint), "\n"), "  ")
	}
	return strings.Split(all, "\n")
}

// notReadyWord is said of a module that the kernel would not run.
const notReadyWord = "not kernel-ready"

// remarkLines are findings about a module that loads. An error among them is the
// kernel's, which nobody should take for a build's.
func remarkLines(list []finding.Finding, capsule, dir string) []line {
	var lines []line
	var rest []finding.Finding
	for _, f := range list {
		if f.Severity != finding.Error {
			rest = append(rest, f)
			continue
		}
		lines = append(lines, line{text: fmt.Sprintf("%s: %s [%s]", notReadyWord, f.Message, f.Code), level: notReadyWord})
		for _, hint := range hintLine(f.Hint) {
			lines = append(lines, line{text: "  " + hint})
		}
	}
	return append(lines, findingLines(rest, capsule, dir)...)
}

// remarks is what remarkLines say, in a few words.
func remarks(list []finding.Finding) string {
	var parts []string
	if finding.Count(list, finding.Error) > 0 {
		parts = append(parts, notReadyWord)
	}
	for _, s := range []finding.Severity{finding.Warning, finding.Note} {
		if n := finding.Count(list, s); n > 0 {
			parts = append(parts, text.Count(n, s.String()))
		}
	}
	return strings.Join(parts, ", ")
}

// tailLines shows the build's own words where nothing of them was understood.
func tailLines(e event.BuildFailed) []string {
	if finding.Count(e.Diagnostics, finding.Error) > 0 {
		return nil
	}
	return lastLines(e.Tail)
}

func lastLines(tail string) []string {
	if tail == "" {
		return nil
	}
	lines := strings.Split(strings.TrimRight(tail, "\n"), "\n")
	lines = lines[max(0, len(lines)-tailShown):]
	for i, line := range lines {
		lines[i] = "| " + text.Live(line, false)
	}
	return lines
}

// standingLines say of a failure that it is repeated from an earlier build, and how to build again.
func standingLines(reason, hint string) []string {
	if reason == "" {
		return nil
	}
	return append([]string{reason}, hintLine(hint)...)
}

func hintLine(hint string) []string {
	if hint == "" {
		return nil
	}
	return strings.Split("hint: "+strings.ReplaceAll(strings.TrimRight(hint, "\n"), "\n", "\n      "), "\n")
}

func fileLines(files []string) []string {
	if len(files) == 0 {
		return nil
	}
	named := strings.Join(files[:min(len(files), filesNamed)], ", ")
	if more := len(files) - filesNamed; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return []string{"files: " + named}
}

// Text is what a person is told about e, on lines with their ends and without colour. dir
// shortens paths.
func Text(e event.Event, dir string) string {
	c := &Console{o: Options{Width: func() int { return 0 }}}
	return c.render(entryFor(e, dir), e.Time)
}
