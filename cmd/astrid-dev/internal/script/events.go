package script

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
)

// read parses the events that p has written so far, whole lines only.
func (p *process) read(ts *testscript.TestScript) (events []flat.Event, lines []string) {
	data, err := os.ReadFile(p.events)
	ts.Check(err)
	for line := range bytes.Lines(data) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		var e flat.Event
		if err := json.Unmarshal(line, &e); err != nil {
			ts.Fatalf("not an event: %s", line)
		}
		if len(events) >= p.checked {
			if err := flat.Follows(line); err != nil {
				ts.Fatalf("not as the schema says: %s%v", line, err)
			}
			p.checked++
		}
		events, lines = append(events, e), append(lines, string(line))
	}
	return events, lines
}

func cmdEvent(ts *testscript.TestScript, _ bool, args []string) {
	p := find(ts, args[0])
	deadline := time.Now().Add(testkit.Patience)
	for {
		events, lines := p.read(ts)
		for i := p.seen; i < len(events); i++ {
			if string(events[i].Type) == args[1] && containsAll(lines[i], args[2:]) {
				p.seen = i + 1
				return
			}
		}
		if time.Now().After(deadline) {
			stderr, _ := os.ReadFile(strings.TrimSuffix(p.events, ".json") + ".err")
			ts.Fatalf("no event %v; since the last one:\n%s\nstderr:\n%s", args[1:], strings.Join(lines[p.seen:], ""), stderr)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func containsAll(line string, texts []string) bool {
	return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(line, text) })
}

func matching(ts *testscript.TestScript, args []string) (n int, all string) {
	events, lines := find(ts, args[0]).read(ts)
	for i, e := range events {
		if string(e.Type) == args[1] && containsAll(lines[i], args[2:]) {
			n++
		}
	}
	return n, strings.Join(lines, "")
}

func cmdNever(ts *testscript.TestScript, _ bool, args []string) {
	if n, all := matching(ts, args); n > 0 {
		ts.Fatalf("%d events %v in\n%s", n, args[1:], all)
	}
}

func cmdCount(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[2])
	ts.Check(err)
	if n, all := matching(ts, args[:2]); n != want {
		ts.Fatalf("%d events %s, want %d, in\n%s", n, args[1], want, all)
	}
}
