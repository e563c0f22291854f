package host

import (
	"encoding/json"
	"slices"
	"time"
)

// Record is what a guest did in a world since the record before. It passes between processes
// as JSON.
type Record struct {
	Logs          []Log               `json:"logs,omitempty"`
	Published     []Message           `json:"published,omitempty"`     // in order; those that were refused are not among them
	Lacked        []Lack              `json:"lacked,omitempty"`        // each once
	Calls         []Call              `json:"calls,omitempty"`         // when Options.Trace asks for them
	Used          []string            `json:"used,omitempty"`          // functions of the host that were called, sorted; lines of the log do not count
	Exchanges     []Exchange          `json:"exchanges,omitempty"`     // with the web, when Options.RecordNet asks for them
	Conversations []Conversation      `json:"conversations,omitempty"` // over TCP, since the world began, when Options.RecordNet asks for them
	Hosts         map[string][]string `json:"hosts,omitempty"`         // addresses that were asked for, in the same way
	Strayed       []string            `json:"strayed,omitempty"`       // where it said something else than what was recorded
	Files         []File              `json:"files,omitempty"`         // all that differs from the start, sorted by path
	Left          int                 `json:"left,omitempty"`          // entries that were not kept, because there were too many
	Ready         bool                `json:"ready,omitempty"`         // it signalled that it is ready
}

// Log is a line that a guest logged.
type Log struct {
	Level   string `json:"level"` // trace, debug, info, warn, error
	Message string `json:"message"`
}

// Lack is what a guest asked for without having declared it, or what a person did not allow.
type Lack struct {
	Function string `json:"function"` // that refused: astrid:ipc/host.publish
	What     string `json:"what"`     // that it was asked for: a topic, a path, a host
	Needs    string `json:"needs"`    // what to declare, or the flag that allows it
}

// File is what a guest put at a path, or took away.
type File struct {
	Path   string `json:"path"` // cwd://a/b, home://c or /tmp/d
	Folder bool   `json:"folder,omitempty"`
	Gone   bool   `json:"gone,omitempty"`
	Data   []byte `json:"data,omitempty"`
}

// Call is one call of the host.
type Call struct {
	Function string          `json:"function"` // astrid:kv/host.kv-get
	Args     json.RawMessage `json:"args"`     // by name
	Answer   json.RawMessage `json:"answer,omitempty"`
	Took     time.Duration   `json:"ns"`
}

// Bounds of a record: more than a person reads, and far from what a pipe or a memory feels.
const (
	maxEntries   = 10_000
	maxLogLine   = 64 << 10
	maxKeptBytes = 16 << 20
)

// book collects a record.
type book struct {
	record Record
	bytes  int
}

// room reports whether an entry of so many bytes may be kept.
func (b *book) room(n, bytes int) bool {
	if n >= maxEntries || b.bytes+bytes > maxKeptBytes {
		b.record.Left++
		return false
	}
	b.bytes += bytes
	return true
}

func (b *book) log(level, message string) {
	message = message[:min(len(message), maxLogLine)]
	if b.room(len(b.record.Logs), len(message)) {
		b.record.Logs = append(b.record.Logs, Log{level, message})
	}
}

func (b *book) publish(m Message) {
	if b.room(len(b.record.Published), len(m.Topic)+len(m.Payload)) {
		b.record.Published = append(b.record.Published, m)
	}
}

func (b *book) lack(l Lack) {
	for _, known := range b.record.Lacked {
		if known == l {
			return
		}
	}
	if b.room(len(b.record.Lacked), len(l.What)) {
		b.record.Lacked = append(b.record.Lacked, l)
	}
}

// use notes that a function was called. There are some two hundred.
func (b *book) use(function string) {
	if i, known := slices.BinarySearch(b.record.Used, function); !known && function != "astrid:sys/host.log" {
		b.record.Used = slices.Insert(b.record.Used, i, function)
	}
}

func (b *book) exchange(e Exchange) {
	if b.room(len(b.record.Exchanges), len(e.Body)+len(e.Sent)) {
		b.record.Exchanges = append(b.record.Exchanges, e)
	}
}

func (b *book) stray(sentence string) {
	if b.room(len(b.record.Strayed), len(sentence)) {
		b.record.Strayed = append(b.record.Strayed, sentence)
	}
}

func (b *book) call(c Call) {
	if b.room(len(b.record.Calls), len(c.Args)+len(c.Answer)) {
		b.record.Calls = append(b.record.Calls, c)
	}
}

// take returns the record and begins the next.
func (b *book) take() Record {
	r := b.record
	*b = book{}
	return r
}
