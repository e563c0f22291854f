package ask

import (
	"encoding/json"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// What is asked.
const (
	doStatus  = "status"
	doWait    = "wait"
	doHold    = "hold"
	doRelease = "release"
	doEvents  = "events"
	doRebuild = "rebuild"
	doStop    = "stop"
)

// request is the line that a client writes.
type request struct {
	Do      string   `json:"do"`
	Paths   []string `json:"paths,omitempty"`    // absolute; none: everything
	Since   string   `json:"since,omitempty"`    // wait: the token of an earlier answer
	LimitMS int64    `json:"limit_ms,omitempty"` // wait, hold: how long at most
	Keep    bool     `json:"keep,omitempty"`     // hold: it ends with the connection
	ID      string   `json:"id,omitempty"`       // release: one hold
	From    uint64   `json:"from,omitempty"`     // events: those after this seq
}

// reply is a line that a watch answers with. Of events each is a line of its own instead.
type reply struct {
	Error    string          `json:"error,omitempty"`
	Token    string          `json:"token,omitempty"` // wait: the question's, said at once and with the answer
	Answer   *Answer         `json:"answer,omitempty"`
	Snapshot *event.Snapshot `json:"snapshot,omitempty"`
	Seq      uint64          `json:"seq,omitempty"`      // status: of the newest event that the snapshot contains
	Verdicts []Verdict       `json:"verdicts,omitempty"` // status: the newest of each capsule
	Hold     string          `json:"hold,omitempty"`     // its ID: it counts from now on
	Ended    int             `json:"ended,omitempty"`    // release: how many
	Pending  *Pending        `json:"pending,omitempty"`  // status
	Done     bool            `json:"done,omitempty"`
}

// Answer is what Wait returns.
type Answer struct {
	Token    string    `json:"token"`     // of the question: who waits with it again does not ask anew
	TimedOut bool      `json:"timed_out"` // the limit passed before everything was answered
	Capsules []Verdict `json:"capsules"`  // by folder; empty where no capsule is there
}

// Verdict is what a watch says of one capsule, for exactly what was on disk after the question.
type Verdict struct {
	event.Subject
	State      event.State     `json:"state"`                 // good, failed, held, unknown
	Key        string          `json:"key,omitempty"`         // of what was judged; "": it cannot be read
	SourceHash string          `json:"source_hash,omitempty"` // likewise
	Event      json.RawMessage `json:"event,omitempty"`       // the event in which the verdict was given, as in the stream
}

// Sound reports whether every capsule is good.
func (a *Answer) Sound() bool {
	for _, v := range a.Capsules {
		if v.State != event.Good {
			return false
		}
	}
	return true
}

// Pending is who has capsules left alone, and who waits for a verdict.
type Pending struct {
	Holds []Hold    `json:"holds"`
	Waits []Waiting `json:"waits"`
}

// Hold has the capsules at, around and below its paths left alone.
type Hold struct {
	ID    string    `json:"id"`
	Paths []string  `json:"paths"` // none: everything
	Until time.Time `json:"until"` // it ends by itself then
}

// Waiting is somebody who has no answer yet.
type Waiting struct {
	Paths []string `json:"paths"` // none: everything
	For   []string `json:"for"`   // folders of the capsules whose verdict is still to come; none: capsules are being looked for
}
