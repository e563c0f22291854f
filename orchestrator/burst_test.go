package orchestrator

import (
	"testing"
	"time"
)

const ms = time.Millisecond

// at is a moment in the tables of the machines.
func at(d time.Duration) time.Time { return time.Unix(1000, 0).Add(d) }

func TestBurst(t *testing.T) {
	cfg := Config{Quiet: 500 * ms, Settle: 30 * ms, MaxWait: 2 * time.Second}
	for _, c := range []struct {
		name    string
		changes []time.Duration
		patient bool
		ask     time.Duration
		settled time.Duration // when the disk is worth a look
		quiet   time.Duration // when the burst counts as over
		over    bool
		overdue bool
	}{
		{name: "one change", changes: []time.Duration{0}, ask: 499 * ms, settled: 30 * ms, quiet: 500 * ms},
		{name: "one change, after a quiet window", changes: []time.Duration{0}, ask: 500 * ms, settled: 30 * ms, quiet: 500 * ms, over: true},
		{name: "a second change moves both", changes: []time.Duration{0, 400 * ms}, ask: 899 * ms, settled: 430 * ms, quiet: 900 * ms},
		{name: "a patient burst is looked at when it is over", changes: []time.Duration{0, 400 * ms}, patient: true, ask: 899 * ms, settled: 900 * ms, quiet: 900 * ms},
		{name: "MaxWait cuts a burst without rest", changes: []time.Duration{0, 450 * ms, 900 * ms, 1350 * ms, 1800 * ms, 1990 * ms}, ask: 2 * time.Second,
			settled: 2 * time.Second, quiet: 2 * time.Second, over: true, overdue: true},
		{name: "the clock went back", changes: []time.Duration{time.Second, 0}, ask: 500 * ms, settled: 30 * ms, quiet: 500 * ms, over: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var b burst
			for i, d := range c.changes {
				if begins := b.change(at(d)); begins != (i == 0) {
					t.Errorf("change %d begins a burst: %t", i, begins)
				}
			}
			b.patient = c.patient
			if got := b.settledAt(&cfg); !got.Equal(at(c.settled)) {
				t.Errorf("worth a look at %s, want %s", got.Sub(at(0)), c.settled)
			}
			if got := b.quietAt(&cfg); !got.Equal(at(c.quiet)) {
				t.Errorf("quiet at %s, want %s", got.Sub(at(0)), c.quiet)
			}
			if over, overdue := b.over(&cfg, at(c.ask)), b.overdue(&cfg, at(c.ask)); over != c.over || overdue != c.overdue {
				t.Errorf("over %t, overdue %t, want %t, %t", over, overdue, c.over, c.overdue)
			}
			if got := b.edited(); !got.Equal(at(c.changes[len(c.changes)-1])) {
				t.Errorf("edited at %s", got)
			}
		})
	}
}

func TestBurstIsQuietAtFirstAndAfterItsEnd(t *testing.T) {
	cfg := Config{}.withDefaults()
	var b burst
	for range 2 {
		if b.over(&cfg, at(time.Hour)) || b.overdue(&cfg, at(time.Hour)) || !b.edited().IsZero() {
			t.Errorf("a burst: %+v", b)
		}
		b.change(at(0))
		b.patient = true
		b.end()
	}
	if b.change(at(time.Second)); b.patient || !b.first.Equal(at(time.Second)) {
		t.Errorf("the next burst is the last one: %+v", b)
	}
}

// A file that is written without pause is cut into bursts by MaxWait, and is without rest all the same.
func TestBurstWithoutRest(t *testing.T) {
	cfg := Config{}.withDefaults()
	var b burst
	for d := time.Duration(0); d < unbroken; d += 400 * ms {
		b.change(at(d))
		if b.overdue(&cfg, at(d)) {
			b.end()
		}
		if b.rest(&cfg, at(d+399*ms)); b.unbroken(at(d)) {
			t.Fatalf("unbroken after %s", d)
		}
	}
	if !b.unbroken(at(unbroken)) {
		t.Error("not unbroken")
	}
	if b.rest(&cfg, b.last.Add(cfg.Quiet)); b.unbroken(at(2 * unbroken)) {
		t.Error("unbroken after a quiet window")
	}
}

func TestExamination(t *testing.T) {
	var e examination
	steps := []struct {
		name    string
		do      func()
		current bool
		capped  bool
		retry   bool
	}{
		{name: "nothing happened", do: func() {}, current: true},
		{name: "something changed", do: e.doubt},
		{name: "one begins, and counts in any case", do: func() { e.begin(true, 1) }, capped: true},
		{name: "something changed meanwhile", do: e.doubt, capped: true},
		{name: "it ended", do: func() { e.underWay = false }, capped: true},
		{name: "the next begins", do: func() { e.begin(false, 2) }},
		{name: "it failed", do: func() { e.underWay = false; e.fail(errStandIn, at(0)) }, retry: true},
		{name: "the next change does not wait for the retry", do: e.doubt},
		{name: "a third begins", do: func() { e.begin(false, 2) }},
		{name: "and is good", do: func() { e.underWay = false; e.succeed() }, current: true},
	}
	for _, s := range steps {
		s.do()
		if e.current() != s.current || e.capped != s.capped || !e.retryAt.IsZero() != s.retry {
			t.Errorf("%s: %+v", s.name, e)
		}
	}
	if e.unreadable != "" || e.warned || e.gone {
		t.Errorf("what failed before is not forgotten: %+v", e)
	}
}
