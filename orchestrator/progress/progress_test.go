package progress

import (
	"bytes"
	"strings"
	"testing"
	"time"

	reports "github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/orchestrator/verify"
)

func TestProgressLineOnATerminal(t *testing.T) {
	var b bytes.Buffer
	p := &Line{w: &b, width: 30}
	p.Tell(verify.Progress{Total: 3, Running: []string{"first", strings.Repeat("long", 20)}})
	if line := strings.TrimPrefix(b.String(), "\r\x1b[K"); len(line) != 29 || !strings.HasPrefix(line, "[0/3] first, long") {
		t.Errorf("%q", b.String())
	}
	b.Reset()
	p.Tell(verify.Progress{Done: 1, Total: 3, Running: []string{"next"}, Ended: "bad\nname", Verdict: reports.Failed, Took: time.Second, Failed: []reports.StepName{reports.StepBuild}})
	if want := "\r\x1b[Kfailed bad name in 1s (build)\n\r\x1b[K[1/3] next"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	b.Reset()
	p.Tell(verify.Progress{Done: 2, Total: 3, Ended: "good", Verdict: reports.Passed})
	if strings.Contains(b.String(), "good") {
		t.Errorf("a capsule that passed needs no line: %q", b.String())
	}
}

func TestProgressLineTellsHowLong(t *testing.T) {
	var b bytes.Buffer
	p := &Line{w: &b, width: 60, began: time.Now()}
	p.draw(p.began.Add(3500 * time.Millisecond))
	if want := "\r\x1b[Kcopying the workspace 3s"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
	p.Tell(verify.Progress{Total: 3, Running: []string{"slow"}})
	p.since["slow"] = p.began
	p.Tell(verify.Progress{Total: 3, Running: []string{"new", "slow"}})
	p.since["new"] = p.began.Add(75 * time.Second)
	b.Reset()
	p.draw(p.began.Add(75 * time.Second))
	if want := "\r\x1b[K[0/3] new, slow 1m15s"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}

func TestProgressLinesElsewhere(t *testing.T) {
	var b bytes.Buffer
	p := New(&b)
	p.Tell(verify.Progress{Total: 2, Running: []string{"a"}})
	p.Tell(verify.Progress{Done: 1, Total: 2, Ended: "a\x1b[31m", Verdict: reports.Passed, Took: 1234 * time.Millisecond})
	p.clear()
	if want := "[1/2] passed a\\x1b[31m in 1.23s\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
