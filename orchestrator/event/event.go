// Package event is what astrid-dev tells programs: the events and wire format 1.
//
// A kind of event is a type of its own with exactly the fields that it can have,
// its Body. An Event adds what all of them have. In JSON both are one flat object
// with the fields in the order in which they stand here; what is zero or empty is
// left out. Paths are absolute, hashes are BLAKE3 in 64 lower-case hex digits,
// times of fields that end in _ms are milliseconds, and sizes are bytes.
//
// Version 1 is a promise: testdata/wire.ndjson holds every kind with every field.
package event

import (
	"encoding/json"
	"time"
)

// Version is the wire format's number. A changed name or meaning needs a new one;
// a new kind or field does not.
const Version = 1

// Event is one announcement. It is never changed once it was handed on.
type Event struct {
	Seq     uint64    // counts from 1 without gaps in one run
	Time    time.Time // when it was announced
	Capsule string    // the manifest's name; "" when it is about no capsule, or the manifest cannot be read
	Dir     string    // the capsule's folder; it identifies the capsule
	Body    Body
}

// Body is what one kind of event says: one of the types of this package, by value.
type Body interface{ Kind() Kind }

// Kind names a kind of event. The strings are the wire format.
type Kind string

// head is what every event begins with on the wire.
type head struct {
	V       int       `json:"v"`
	Seq     uint64    `json:"seq"`
	Time    time.Time `json:"time"`
	Type    Kind      `json:"type"`
	Capsule string    `json:"capsule,omitempty"`
	Dir     string    `json:"dir,omitempty"`
}

// MarshalJSON writes the event as one flat object.
func (e Event) MarshalJSON() ([]byte, error) {
	first, err := json.Marshal(head{Version, e.Seq, e.Time, e.Body.Kind(), e.Capsule, e.Dir})
	if err != nil {
		return nil, err
	}
	rest, err := json.Marshal(e.Body)
	if err != nil || len(rest) <= len("{}") {
		return first, err
	}
	line := append(make([]byte, 0, len(first)+len(rest)+1), first[:len(first)-1]...) // with room for who ends the line, as thousands of them are kept
	return append(append(line, ','), rest[1:]...), nil
}
