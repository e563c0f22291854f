package behaviour

import (
	"slices"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
)

var begin = time.UnixMilli(host.StartClock).UTC()

func answered(content string) *Observation {
	return Observe(&guest.Outcome{}, Answered{Content: content}, begin)
}

// What is no behaviour makes no difference between two answers; what is makes one.
func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		a, b string
		same bool
	}{
		"the order of keys":            {`{"a":1,"b":{"c":2,"d":3}}`, `{"b":{"d":3,"c":2},"a":1}`, true},
		"blanks in JSON":               {`{"a": [1, 2]}`, `{"a":[1,2]}`, true},
		"JSON in a text in JSON":       {`"{\"a\":1,\"b\":2}"`, `"{\"b\":2,\"a\":1}"`, true},
		"the clock, as a date":         {"at 2026-01-01T00:00:00.003Z", "at 2026-01-01T00:00:01+00:00", true},
		"the clock, in milliseconds":   {`{"at":1767225600001}`, `{"at":1767225600777}`, true},
		"the clock, in nanoseconds":    {`[1767225600001000000]`, `[1767225600009000000]`, true},
		"another date":                 {"born 1815-12-10T00:00:00Z", "born 1815-12-11T00:00:00Z", false},
		"another day of the clock":     {"2026-01-01T00:00:00Z", "2026-03-01T00:00:00Z", false},
		"a number":                     {`{"a":1}`, `{"a":2}`, false},
		"the order of a list":          {`[1,2]`, `[2,1]`, false},
		"a key":                        {`{"a":1}`, `{"b":1}`, false},
		"a number that is a text":      {`{"a":1}`, `{"a":"1"}`, false},
		"a large number":               {`12345678901234567890`, `12345678901234567891`, false},
		"a text":                       {"one", "two", false},
		"nothing, and something":       {"", "x", false},
		"what is only like JSON":       {`{"a":1} `, `{"a":1} x`, false},
		"a blank in a text that is no": {"a b", "a  b", false},
	} {
		if got := len(differences(answered(c.a), answered(c.b))) == 0; got != c.same {
			t.Errorf("%s: the same is %v", name, got)
		}
	}
}

// A call that ends otherwise is told in one word, with the line where it is known.
func TestHowACallEnds(t *testing.T) {
	trapped := Observe(&guest.Outcome{Trap: &engine.Trap{Message: "unreachable", At: &engine.Place{Function: "f", File: "a.c", Line: 3}}}, Answered{}, begin)
	elsewhere := Observe(&guest.Outcome{Trap: &engine.Trap{Message: "unreachable", At: &engine.Place{File: "b.c", Line: 9}}}, Answered{}, begin)
	failed := Observe(&guest.Outcome{}, Answered{Content: "no", Failed: true}, begin)
	other := Observe(&guest.Outcome{}, Answered{Content: "not", Failed: true}, begin)
	silent := Observe(nil, Answered{Fault: "it published no result"}, begin)
	for _, c := range []struct {
		a, b *Observation
		want string
	}{
		{answered("x"), trapped, "it now traps at a.c:3 in f"}, {trapped, answered("x"), "it now answers"}, {trapped, elsewhere, ""},
		{answered("x"), failed, "it now fails"}, {failed, other, "error text changed"}, {failed, silent, "it now gives no answer"}, {trapped, silent, "it gives no answer for another reason"},
	} {
		got := ""
		if list := differences(c.a, c.b); len(list) > 0 {
			got = list[0].Message
		}
		if got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// Everything else that a call does is compared, and memory over all calls.
func TestWhatACallDoes(t *testing.T) {
	base := func() *guest.Outcome {
		return &guest.Outcome{Memory: 2 << 20, State: map[string][]byte{"k": []byte(`{"a":1,"b":2}`)},
			Record: host.Record{Used: []string{"f", "g"}, Files: []host.File{{Path: "cwd://a", Data: []byte("x")}}, Logs: []host.Log{{Message: "one"}}}}
	}
	published := []host.Message{{Topic: "t", Payload: []byte(`{"a":1}`)}}
	before := []Call{{Key: "1", Tool: "t", Name: "n", Seen: Observe(base(), Answered{Content: "x", Published: published}, begin)}}
	for want, change := range map[string]func(*guest.Outcome, *Answered){
		"":          func(o *guest.Outcome, _ *Answered) { o.Record.Logs, o.Memory, o.Millis = nil, 2<<20+1<<19, 5 },
		"stored":    func(o *guest.Outcome, _ *Answered) { o.State["k"] = []byte("{}") },
		"files":     func(o *guest.Outcome, _ *Answered) { o.Record.Files[0].Gone = true },
		"imports":   func(o *guest.Outcome, _ *Answered) { o.Record.Used = []string{"f"} },
		"memory":    func(o *guest.Outcome, _ *Answered) { o.Memory = 4 << 20 },
		"published": func(_ *guest.Outcome, a *Answered) { a.Published = nil },
	} {
		o, a := base(), Answered{Content: "x", Published: published}
		change(o, &a)
		var got []string
		for _, c := range Compare(before, []Call{{Key: "1", Tool: "t", Name: "n", Seen: Observe(o, a, begin)}, {Key: "new", Seen: answered("?")}}) {
			got = append(got, c.What)
		}
		if want == "" && got != nil || want != "" && !slices.Equal(got, []string{want}) {
			t.Errorf("%v, want %q", got, want)
		}
	}
}
