package pool

import (
	"testing"
	"time"
)

func at(d time.Duration) time.Time { return time.Unix(1000, 0).Add(d) }

func TestRoom(t *testing.T) {
	for _, c := range []struct {
		name    string
		places  int
		quick   int // builds that began a moment ago
		slow    int // and LendAfter ago
		blocked int // and wait for another process
		want    int
	}{
		{name: "an empty pool", places: 2, want: 2},
		{name: "no places is one", places: 0, want: 1},
		{name: "each build takes one", places: 2, quick: 1, want: 1},
		{name: "a full pool", places: 2, quick: 2, want: 0},
		{name: "who waits takes none", places: 2, quick: 1, blocked: 5, want: 1},
		{name: "who is slow lends it", places: 2, slow: 2, want: 2},
		{name: "and who has borrowed keeps it", places: 2, slow: 2, quick: 1, want: 1},
		{name: "twice as many at most", places: 2, slow: 2, quick: 2, want: 0},
		{name: "a borrower that is slow lends nothing", places: 2, slow: 4, want: 0},
		{name: "one of them", places: 2, slow: 3, want: 1},
	} {
		p := New(c.places)
		for range c.slow {
			p.Take("", at(0))
		}
		for range c.quick {
			p.Take("", at(1))
		}
		for range c.blocked {
			p.Take("", at(1)).Block()
		}
		now := at(LendAfter)
		if got := p.Room(now); got != c.want {
			t.Errorf("%s: room for %d, want %d", c.name, got, c.want)
		}
		if free := p.Free("", now); free != (c.want > 0) {
			t.Errorf("%s: free %t", c.name, free)
		}
	}
}

func TestGroup(t *testing.T) {
	p := New(4)
	one := p.Take("target", at(0))
	none := p.Take("", at(0))
	if p.Free("target", at(0)) || !p.Free("other", at(0)) || !p.Free("", at(0)) {
		t.Error("a group runs twice, or keeps others away")
	}
	if p.Leave(none); p.Free("target", at(0)) {
		t.Error("another build's end lets go of the group")
	}
	p.Leave(one)
	if !p.Free("target", at(0)) {
		t.Error("the group is not let go")
	}
	two := p.Take("target", at(1))
	if p.Leave(one); p.Free("target", at(1)) {
		t.Error("a second end lets go of the group of another build")
	}
	p.Leave(two)
	if p.Room(at(1)) != 4 {
		t.Errorf("room for %d", p.Room(at(1)))
	}
}

func TestLends(t *testing.T) {
	p := New(1)
	if !p.Lends(at(0)).IsZero() {
		t.Error("nobody lends")
	}
	p.Take("", at(0))
	later := p.Take("", at(time.Second))
	for now, want := range map[time.Duration]time.Duration{0: LendAfter, LendAfter - 1: LendAfter, LendAfter: LendAfter + time.Second} {
		if got := p.Lends(at(now)); !got.Equal(at(want)) {
			t.Errorf("at %s: %s, want %s", now, got.Sub(at(0)), want)
		}
	}
	if p.Leave(later); !p.Lends(at(LendAfter)).IsZero() {
		t.Error("who lends already, or has ended, lends")
	}
}
