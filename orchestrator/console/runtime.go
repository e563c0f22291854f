package console

import (
	"fmt"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// toolsNamed is how many tools a line names.
const toolsNamed = 5

// liveText is what the runtime runs now, and how long that took.
func liveText(e event.Live) string {
	var parts []string
	if e.Generation > 0 {
		parts = append(parts, fmt.Sprintf("#%d", e.Generation))
	}
	if e.Reason != "" {
		parts = append(parts, e.Reason)
	}
	if e.LiveMS > 0 {
		times := "installed " + text.Seconds(e.LiveMS)
		if e.LatencyMS > 0 {
			times += ", " + text.Seconds(e.LatencyMS) + " after the edit"
		}
		parts = append(parts, times)
	}
	return strings.Join(append(parts, toolsText(e.Tools)...), "  ")
}

func toolsText(tools []event.Tool) []string {
	if len(tools) == 0 {
		return nil
	}
	var names []string
	for _, t := range tools[:min(len(tools), toolsNamed)] {
		names = append(names, t.Name)
	}
	named := text.Count(len(tools), "tool") + ": " + strings.Join(names, ", ")
	if more := len(tools) - toolsNamed; more > 0 {
		named += fmt.Sprintf(" and %d more", more)
	}
	return []string{named}
}

// liveLines are the reasons of a capsule that is not live, but for one that is the line above.
func liveLines(e event.LiveFailed, capsule, dir string) []line {
	if len(e.Findings) == 0 || len(e.Findings) == 1 && strings.Contains(e.Reason, e.Findings[0].Message) {
		return plainLines(hintLine(e.Hint))
	}
	return findingLines(e.Findings, capsule, dir)
}
