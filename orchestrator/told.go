package orchestrator

import (
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// namedFiles is how many files an event names that changed: what a person or an agent reads.
const namedFiles = 20

// told is what the stream was told of a capsule.
type told struct {
	announced  bool            // capsule_added was due, or the capsule was there at start
	named      bool            // nobody else has its name, or somebody was warned
	unanswered bool            // something changed, or may have, and no verdict was said since
	source     string          // the source hash last announced
	key        string          // the key last announced
	judged     string          // the key of the newest verdict
	in         *builder.Inputs // the inputs of the newest verdict; nil: there was none
	attempt    int             // the build that it came from; 0: none
	previous   string          // the source hash of the newest reload, of an earlier run too
	counts                     // since it was added
	earlier    counts          // before it was removed and came back
}

// counts is how often something happened to a capsule.
type counts struct{ reloads, builds int }

// generation counts a capsule's reloads in this run, those before it was removed too.
func (t *told) generation() int { return t.earlier.reloads + t.reloads }

// attempts counts its builds likewise.
func (t *told) attempts() int { return t.earlier.builds + t.builds }

// all is both together.
func (t *told) all() counts { return counts{t.generation(), t.attempts()} }

// announce notes that in's source hash and key are announced.
func (t *told) announce(in *builder.Inputs) { t.source, t.key = in.SourceHash, in.Key }

// basis is what an event about in goes by: what differs from the newest verdict's inputs.
func (t *told) basis(in *builder.Inputs, attempt int) event.Basis {
	b := event.Basis{Key: in.Key, Attempt: attempt}
	if t.in != nil {
		files := t.in.FilesChanged(in)
		b.ChangedCount, b.Changed = len(files), files[:min(len(files), namedFiles)]
	}
	return b
}

// conclude says the verdict on in, which came from attempt (0: from no build). What somebody
// edited is answered by it unless in is older than that.
func (l *loop) conclude(c *capsule, in *builder.Inputs, attempt int, body event.Body) {
	t := &c.told
	t.judged, t.in, t.attempt = in.Key, in, attempt
	if c.in.Key == in.Key {
		t.announce(in)
		c.exam.edited = time.Time{} // who waits for that edit has the answer
		t.unanswered = t.unanswered && !c.exam.current()
	}
	l.announceFor(c, body)
	l.noting++
	l.do(note{in})
}
