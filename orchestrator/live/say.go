package live

import (
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// liveEvent says that the runtime runs o. answer is nil where it was not asked again.
func (l *Live) liveEvent(o *offer, reason string, answer *daemon.Answer) event.Live {
	e := event.Live{SourceHash: o.source, Quality: o.quality, Key: o.key, Generation: o.generation, Hash: o.artifact, Runtime: l.o.Runtime.Kind,
		Reason: reason, PutBack: o.putBack, LatencyMS: latency(o)}
	if answer == nil {
		return e
	}
	e.LiveMS = max(1, answer.TookMS)
	for _, t := range answer.Tools {
		e.Tools = append(e.Tools, event.Tool{Name: t.Name, Description: t.Description})
	}
	return e
}

// latency is milliseconds since the newest edit in o; 0 when no edit led to it.
func latency(o *offer) int64 {
	if o.edited.IsZero() {
		return 0
	}
	return time.Since(o.edited).Milliseconds()
}

// sayFailed announces that the runtime does not run o.
func (l *Live) sayFailed(o *offer, reason, hint string, found []finding.Finding) {
	l.o.Say(o.dir, o.name, event.LiveFailed{SourceHash: o.source, Key: o.key, Generation: o.generation, Hash: o.artifact, Runtime: l.o.Runtime.Kind,
		Reason: reason, Hint: hint, Findings: found, LatencyMS: latency(o)})
}

// sayNot is sayFailed for what is not even installed, unless the same was said of the capsule
// before.
func (l *Live) sayNot(o *offer, reason, hint string, found []finding.Finding) {
	text := reason
	for _, f := range found {
		text += "\n" + f.String()
	}
	l.mu.Lock()
	again := l.said[o.dir] == text
	l.said[o.dir] = text
	l.mu.Unlock()
	if !again {
		l.sayFailed(o, reason, hint, found)
	}
}

// warn says what is amiss about the capsule of o, or with o nil about the runtime.
func (l *Live) warn(o *offer, code finding.Code, message, hint string) {
	dir, name := "", ""
	if o != nil {
		dir, name = o.dir, o.name
	}
	l.o.Say(dir, name, event.Warning{Code: code, Message: message, Hint: hint})
}
