package orchestrator

import (
	"errors"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
)

var errStandIn = errors.New("it cannot be read")

// inputsOf is an examination that found key.
func inputsOf(key string) *builder.Inputs {
	in := &builder.Inputs{}
	in.Key = key
	return in
}

func TestWork(t *testing.T) {
	var w work
	begin := func() { w.begin(&job{in: inputsOf("k"), started: at(0)}) }
	for _, s := range []struct {
		name       string
		do         func()
		idle       bool
		want       bool
		running    bool
		builds     bool // the key k
		superseded int
	}{
		{name: "nothing is asked for", do: func() {}, idle: true},
		{name: "a build is", do: func() { w.request("changed", at(0)) }, want: true},
		{name: "it is taken back", do: w.withdraw, idle: true},
		{name: "it is asked for again", do: func() { w.request("changed", at(0)) }, want: true},
		{name: "it begins", do: begin, running: true, builds: true},
		{name: "the next is asked for beside it", do: func() { w.request("changed", at(ms)) }, want: true, running: true, builds: true},
		{name: "the first is cancelled", do: func() { w.job.cancelled = true }, want: true, running: true},
		{name: "and is gone", do: w.abandon, want: true, superseded: 1},
		{name: "the next begins", do: begin, running: true, builds: true, superseded: 1},
		{name: "and ends", do: func() { w.job.phase = waiting }, builds: true, superseded: 1},
		{name: "and is published", do: func() { w.job.phase = publishing }, builds: true, superseded: 1},
		{name: "and counts", do: w.deliver, idle: true},
	} {
		s.do()
		if w.idle() != s.idle || w.want != s.want || w.running() != s.running || w.builds("k") != s.builds || w.superseded != s.superseded {
			t.Errorf("%s: %+v, idle %t, running %t, builds %t", s.name, w, w.idle(), w.running(), w.builds("k"))
		}
		if w.builds("another") {
			t.Errorf("%s: it builds another key", s.name)
		}
	}
}

func TestWorkKeepsItsPlaceInTheRow(t *testing.T) {
	var w work
	w.request("first build", at(0))
	w.request("changed", at(time.Second))
	if !w.since.Equal(at(0)) || w.reason != "changed" {
		t.Errorf("%+v", w)
	}
	w.overdue, w.retried = true, true
	if w.withdraw(); w.overdue || !w.retried {
		t.Errorf("what is not wanted cannot be overdue, and the user's wish stays: %+v", w)
	}
	if w.request("changed", at(2*time.Second)); !w.since.Equal(at(2 * time.Second)) {
		t.Errorf("a request that was taken back has a place in the row: %+v", w)
	}
	if w.begin(&job{}); w.retried {
		t.Error("one wish leads to more than one build")
	}
}

func TestWorkLosesPatience(t *testing.T) {
	var w work
	for n := range patience {
		if w.impatient() {
			t.Errorf("impatient after %d", n)
		}
		w.begin(&job{})
		w.abandon()
	}
	if !w.impatient() {
		t.Error("patient without end")
	}
	w.begin(&job{})
	if w.deliver(); w.impatient() {
		t.Error("impatient after an outcome that counts")
	}
}
