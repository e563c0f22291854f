package behaviour

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
)

// Observation is what one call did: of each part of it a digest, and what a person reads of it.
type Observation struct {
	Answer    Part     `json:"answer"`          // of a call that did not fail
	Error     Part     `json:"error"`           // the words in which the tool says that it failed
	Trap      Part     `json:"trap"`            // how the guest died, or why there is no answer
	Published Part     `json:"published"`       // in order
	Files     Part     `json:"files"`           // all that differ from the beginning
	Stored    Part     `json:"stored"`          // keys and values at the end
	Used      []string `json:"used,omitempty"`  // functions of the host, sorted
	Memory    uint64   `json:"memory"`          // the most linear memory of the run so far, in bytes
	Place     string   `json:"place,omitempty"` // where it trapped
	Died      bool     `json:"died,omitempty"`  // it trapped; else Trap says why there is no answer
}

// Part is one side of what a call did. The zero value is that there was nothing of it.
type Part struct {
	Digest  string `json:"digest,omitempty"`
	Excerpt string `json:"excerpt,omitempty"` // its beginning
}

// excerptKept is how many bytes of a part are kept to be shown.
const excerptKept = 160

// Answered is what the caller made of an outcome.
type Answered struct {
	Content   string         // of the tool's result, or a handler's answer
	Failed    bool           // the tool says so
	Fault     string         // why there is no answer; "": there is one
	Published []host.Message // beside the tool's own result
}

// Observe is what a call did in a world that began with the clock at begin.
func Observe(o *guest.Outcome, a Answered, begin time.Time) *Observation {
	n := normal{begin: begin}
	seen := &Observation{Published: n.messages(a.Published)}
	switch {
	case o != nil && o.Trap != nil:
		seen.Trap, seen.Died = n.text(o.Trap.Message), true
		if o.Trap.At != nil {
			seen.Place = o.Trap.At.String()
		}
	case a.Fault != "":
		seen.Trap = n.text(a.Fault)
	case a.Failed:
		seen.Error = n.text(a.Content)
	default:
		seen.Answer = n.text(a.Content)
	}
	if o != nil {
		seen.Files, seen.Stored = n.files(o.Record.Files), n.stored(o.State)
		seen.Used, seen.Memory = o.Record.Used, o.Memory
	}
	return seen
}

// normal makes texts the same that differ in nothing that counts.
type normal struct{ begin time.Time }

func part(text string) Part {
	if text == "" {
		return Part{}
	}
	sum := blake3.Sum256([]byte(text))
	return Part{Digest: hex.EncodeToString(sum[:16]), Excerpt: strings.ToValidUTF8(text[:min(len(text), excerptKept)], "")}
}

// text is an answer: JSON by its value, all else letter by letter; both without times.
func (n normal) text(s string) Part { return part(cmp.Or(n.canonical(s), " ")) }

func (n normal) canonical(s string) string {
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil || d.More() {
		return n.times(s)
	}
	return string(marshalled(n.value(v)))
}

func marshalled(v any) []byte {
	b, err := json.Marshal(v) // sorts the keys of objects
	if err != nil {
		return fmt.Append(nil, v)
	}
	return b
}

func (n normal) value(v any) any {
	switch v := v.(type) {
	case string:
		return n.canonicalInside(v)
	case json.Number:
		if f, err := v.Float64(); err == nil && n.isTime(f) {
			return "(time)"
		}
	case []any:
		for i := range v {
			v[i] = n.value(v[i])
		}
	case map[string]any:
		for key, inner := range v {
			v[key] = n.value(inner)
		}
	}
	return v
}

// canonicalInside is a text in JSON, which may be an object written as text itself.
func (n normal) canonicalInside(s string) string {
	if strings.HasPrefix(s, "{") || strings.HasPrefix(s, "[") {
		return n.canonical(s)
	}
	return n.times(s)
}

// Within a day of the world's clock a number or a date is taken for the time: no call is longer.
const longest = 24 * time.Hour

func (n normal) isTime(f float64) bool {
	begin := float64(n.begin.Unix())
	for _, unit := range []float64{1, 1e3, 1e6, 1e9} { // seconds to nanoseconds since 1970
		if f >= begin*unit && f <= (begin+longest.Seconds())*unit {
			return true
		}
	}
	return false
}

var date = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?`)

func (n normal) times(s string) string {
	return date.ReplaceAllStringFunc(s, func(found string) string {
		at, err := time.Parse("2006-01-02T15:04:05", strings.Replace(found[:19], " ", "T", 1))
		if err == nil && at.Sub(n.begin).Abs() <= longest {
			return "(time)"
		}
		return found
	})
}

func (n normal) messages(list []host.Message) Part {
	var b strings.Builder
	for _, m := range list {
		fmt.Fprintf(&b, "%s %s\n", m.Topic, n.canonical(string(m.Payload)))
	}
	return part(b.String())
}

func (n normal) files(list []host.File) Part {
	var b strings.Builder
	for _, f := range list {
		switch {
		case f.Gone:
			fmt.Fprintf(&b, "%s: removed\n", f.Path)
		case f.Folder:
			fmt.Fprintf(&b, "%s/: made\n", f.Path)
		default:
			fmt.Fprintf(&b, "%s: %s\n", f.Path, n.canonical(string(f.Data)))
		}
	}
	return part(b.String())
}

func (n normal) stored(values map[string][]byte) Part {
	var lines []string
	for key, value := range values {
		lines = append(lines, fmt.Sprintf("%s: %s\n", key, n.canonical(string(value))))
	}
	slices.Sort(lines)
	return part(strings.Join(lines, ""))
}
