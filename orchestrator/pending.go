package orchestrator

import (
	"slices"
	"time"
)

// Look asks what is pending. Answer is told from Run's goroutine and must not block.
type Look struct{ Answer func(Pending) }

// Pending is who has capsules left alone, and who waits for a verdict.
type Pending struct {
	Holds []Held
	Waits []Waiting
}

// Held is a Hold that counts.
type Held struct {
	ID    string
	Paths []string // none: everything
	Until time.Time
}

// Waiting is a Question without an answer yet.
type Waiting struct {
	Paths []string // none: everything
	For   []string // folders of the capsules whose verdict is still to come; none: capsules are being looked for
}

func (k Look) takeIn(l *loop, _ time.Time) {
	var p Pending
	for _, h := range l.holds {
		p.Holds = append(p.Holds, Held{h.ID, slices.Clone(h.Paths), h.Until})
	}
	for _, q := range l.questions {
		w := Waiting{Paths: slices.Clone(q.Paths)}
		for _, c := range l.about(q.Paths) {
			if !l.answers(c, q) {
				w.For = append(w.For, c.dir)
			}
		}
		p.Waits = append(p.Waits, w)
	}
	k.Answer(p)
}
