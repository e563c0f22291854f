package console

import (
	"regexp"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

// The name of a file, a folder or a code makes no line of its own, a message of
// several lines none that is not indented, and nothing a command to a CI system.
func TestNamesAndMessagesGiveNoOrders(t *testing.T) {
	hostile := "a\n::error::owned\n##[error]owned"
	list := []finding.Finding{
		{File: hostile, Line: 3, Message: "undefined: x", Code: finding.Code(hostile)},
		{File: "::error::", Message: "one\n::error::two\n  ##vso[task]three\n\t::four", Hint: "try\n::error::five"},
		{Severity: finding.Warning, File: "b", Message: strings.Repeat("word ", 12) + "::error::six seven"},
	}
	for _, width := range []int{0, 60} {
		saysInertly(t, width, hostile, list)
	}
}

func saysInertly(t *testing.T, width int, hostile string, list []finding.Finding) {
	got := consoleText(t, Options{Dir: "/caps", Width: func() int { return width }}, func(h *hub.Hub, c *Console) {
		h.Publish(event.Event{Dir: "/caps/" + hostile, Body: event.BuildFailed{Step: "build", Diagnostics: list}})
		h.Publish(event.Event{Capsule: hostile, Dir: "/caps/a", Body: event.SmokeFailed{Findings: list, Tail: "##[error]tail"}})
		h.Publish(event.Event{Capsule: "a", Dir: "/caps/a", Body: event.Reload{Findings: list}})
		h.Publish(event.Event{Capsule: "a", Dir: "/caps/a", Body: event.Held{Message: hostile, Hint: "one\n::two", Files: []string{hostile}}})
		c.Build("::error::", []byte("one\n##[error]two\n"))
		c.Verbose()
	})
	word := regexp.MustCompile(`^([a-z]+ +| {11,}|: :error:: \| )\S`)
	if width > 0 { // a screen
		word = regexp.MustCompile(`^(\d\d:\d\d:\d\d [a-z]+ +|  +|: :error:: \| )\S`)
	}
	for line := range strings.Lines(onScreen(got)) {
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") || strings.Contains(line, "##vso[") {
			t.Errorf("a CI system would obey %q", line)
		}
		if !word.MatchString(line) {
			t.Errorf("a line that is not indented: %q", line)
		}
		if width == 0 && strings.Contains(line, "owned") && !strings.Contains(line, `\x0a`) {
			t.Errorf("a name made a line of its own: %q", line)
		}
	}
	for _, part := range []string{"undefined: x", "two", "three", "four", "five", "six", "tail"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q was lost:\n%s", part, got)
		}
	}
}

// onScreen is what a terminal shows of written, but for a last line.
func onScreen(written string) string {
	var b strings.Builder
	for line := range strings.Lines(regexp.MustCompile(`\x1b\]2;[^\a]*\a|\x1b\[2[23];0t`).ReplaceAllString(written, "")) {
		if at := strings.LastIndex(line, eraseLine); at >= 0 {
			line = line[at+len(eraseLine):]
		}
		b.WriteString(line)
	}
	return b.String()
}
