package console

import (
	"fmt"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

const (
	testsShown = 10 // failed expectations: more are read with astrid-dev test
	diffShown  = 20 // lines of a diff
)

// testsEntry is what a person is told of the tests beside e; false when there are none.
func (c *Console) testsEntry(e event.Event) (entry, bool) {
	var t *event.Tests
	switch b := e.Body.(type) {
	case event.Reload:
		t = b.Tests
	case event.Unchanged:
		t = b.Tests
	}
	if t == nil {
		return entry{}, false
	}
	n := entry{colour: green, word: "tests", about: e.Capsule, text: fmt.Sprintf("%d passed", t.Passed)}
	if len(t.Failed) > 0 {
		n.colour, n.text = red, failedTests(t)
		n.below = failedTestLines(t.Failed, e.Dir, c.o.Dir)
	}
	return n, true
}

// failedTests is "1 failed, 4 passed"; a test that misses several expectations is one.
func failedTests(t *event.Tests) string {
	failed := map[string]bool{}
	for _, f := range t.Failed {
		failed[f.File+"\x00"+f.Name] = true
	}
	return fmt.Sprintf("%d failed, %d passed", len(failed), t.Passed)
}

// failedTestLines are the failed expectations, each with its place.
func failedTestLines(list []event.FailedTest, dir, from string) (lines []line) {
	for i, f := range list {
		if i == testsShown {
			return append(lines, line{text: fmt.Sprintf("and %d more: astrid-dev test shows all", len(list)-i)})
		}
		file := absolute(dir, f.File)
		place := fmt.Sprintf("%s:%d", short(file, from), f.Line)
		said := place + ": "
		if f.Name != "" {
			said += f.Name + ": "
		}
		lines = append(lines, line{text: said + f.Message, place: text.Name(place), file: file})
		if f.Diff == "" && f.Hint != "" {
			lines = append(lines, plainLines(hintLine(f.Hint))...)
		}
		shown := strings.Split(strings.TrimRight(f.Diff, "\n"), "\n")
		for k, d := range shown {
			if k == diffShown {
				lines = append(lines, line{text: "  ..."})
				break
			}
			if f.Diff != "" {
				lines = append(lines, line{text: "  " + d})
			}
		}
	}
	return lines
}
