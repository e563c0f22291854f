package live

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// play is a plan, a clock, and what was decided, told in words.
type play struct {
	*plan
	now time.Time
}

func newPlay(renews, rolls bool) *play {
	return &play{newPlan(renews, rolls), time.Unix(1_700_000_000, 0)}
}

// some is an offer of the capsule in dir, whose bytes content stands for.
func some(dir, content string) *offer {
	return &offer{dir: dir, name: dir, digest: content, news: true}
}

// step is what is decided now, in words.
func (p *play) step() string {
	s := p.plan.next(p.now)
	switch {
	case s.install != nil && s.install.putBack:
		return "put back " + s.install.dir + "=" + s.install.digest
	case s.install != nil:
		return "install " + s.install.dir + "=" + s.install.digest
	case s.renew:
		return "renew"
	case s.next != nil:
		return fmt.Sprintf("%s=%s in %s", s.next.dir, s.next.digest, s.wait)
	}
	return "nothing"
}

// install does what is decided, which must be an install, and has it succeed.
func (p *play) install(t *testing.T, want string) *offer {
	t.Helper()
	o := p.expect(t, want)
	p.plan.installed(o, p.now)
	return o
}

// expect is what is decided, which must be want.
func (p *play) expect(t *testing.T, want string) *offer {
	t.Helper()
	if got := p.step(); got != want {
		t.Fatalf("%s, want %s", got, want)
	}
	return p.plan.next(p.now).install
}

func TestTheNewestWins(t *testing.T) {
	p := newPlay(false, true)
	p.offer(some("a", "1"))
	p.offer(some("b", "1"))
	p.offer(some("a", "2"))
	p.install(t, "install a=2") // in its place in the line, with its newest bytes
	p.install(t, "install b=1")
	p.expect(t, "nothing")

	// what comes during an install goes after those who waited
	p.offer(some("a", "3"))
	p.offer(some("b", "2"))
	during := p.expect(t, "install a=3")
	p.offer(some("a", "4"))
	p.plan.installed(during, p.now)
	p.install(t, "install b=2")
	p.install(t, "install a=4")
}

func TestIdenticalBytesAreNotInstalledAgain(t *testing.T) {
	p := newPlay(false, true)
	p.offer(some("a", "1"))
	p.install(t, "install a=1")
	if got := p.offer(some("a", "1")); got != already {
		t.Error(got)
	}
	p.offer(some("a", "2"))
	if got := p.offer(some("a", "1")); got != already { // the edit was undone while it waited
		t.Error(got)
	}
	p.expect(t, "nothing")
}

func TestWhatWasRefusedIsNotTriedAgain(t *testing.T) {
	p := newPlay(false, true)
	p.offer(some("a", "1"))
	p.install(t, "install a=1")
	p.offer(some("a", "bad"))
	if p.refuse(p.expect(t, "install a=bad"), p.now, true, false) {
		t.Error("it was there before")
	}
	p.expect(t, "nothing") // the runtime kept nothing of it: nothing is to be put back
	if got := p.offer(some("a", "bad")); got != refused {
		t.Error(got)
	}
	p.offer(some("a", "2"))
	p.install(t, "install a=2")
}

func TestTheLastGoodOneIsPutBack(t *testing.T) {
	p := newPlay(false, true)
	p.offer(some("a", "1"))
	p.install(t, "install a=1")
	p.offer(some("b", "1"))
	p.offer(some("a", "bad"))
	p.install(t, "install b=1")
	p.offer(some("b", "2"))
	p.refuse(p.expect(t, "install a=bad"), p.now, true, true)
	// before what waited longer: the runtime's next start would load the bad one
	back := p.expect(t, "put back a=1")
	// while it is owed, the same bytes by an edit that was undone are installed all the same
	p.offer(some("a", "1"))
	p.expect(t, "install a=1")
	p.plan.installed(back, p.now) // it was under way: the runtime runs 1 already
	p.offer(some("a", "1"))
	p.install(t, "install b=2")
	p.expect(t, "nothing")

	// a newer one mends it as well
	p.offer(some("a", "worse"))
	p.refuse(p.expect(t, "install a=worse"), p.now, true, true)
	p.offer(some("a", "2"))
	p.install(t, "install a=2")
	p.expect(t, "nothing")

	// refused again before the last good one was back: it is still owed
	p.offer(some("a", "bad"))
	during := p.expect(t, "install a=bad")
	p.offer(some("a", "bad too"))
	p.refuse(during, p.now, true, true)
	p.refuse(p.expect(t, "install a=bad too"), p.now, true, false)
	p.expect(t, "put back a=2")
}

func TestNothingWasThereBefore(t *testing.T) {
	p := newPlay(false, true)
	p.offer(some("a", "bad"))
	if !p.refuse(p.expect(t, "install a=bad"), p.now, true, true) {
		t.Error("it is taken out again")
	}
	// what was there before us is put back, and never taken out
	p.met("b", &offer{dir: "b", name: "b", digest: "had", folder: "/copy"})
	p.offer(some("b", "bad"))
	if p.refuse(p.expect(t, "install b=bad"), p.now, true, true) {
		t.Error("it was there before")
	}
	if p.refuse(p.expect(t, "put back b=had"), p.now, true, true) {
		t.Error("it is not ours")
	}
	p.expect(t, "nothing")
	// nor is what could not be kept
	p.met("c", &offer{dir: "c", name: "c", digest: "had"})
	p.offer(some("c", "bad"))
	if p.refuse(p.expect(t, "install c=bad"), p.now, true, true) {
		t.Error("it is not ours")
	}
	p.expect(t, "nothing")
}

func TestNoRollback(t *testing.T) {
	p := newPlay(false, false)
	p.offer(some("a", "1"))
	p.install(t, "install a=1")
	p.offer(some("a", "bad"))
	if p.refuse(p.expect(t, "install a=bad"), p.now, true, true) {
		t.Error("nobody asked for that")
	}
	p.expect(t, "nothing")
}

// The limit is one for all capsules, and a window that slides: ten in any minute.
func TestTheLimit(t *testing.T) {
	p := newPlay(false, true)
	start := p.now
	for i := range 10 {
		p.offer(some(string(rune('a'+i%3)), fmt.Sprint(i)))
		p.install(t, fmt.Sprintf("install %c=%d", 'a'+i%3, i))
		p.now = p.now.Add(time.Second)
	}
	p.offer(some("a", "10"))
	p.offer(some("b", "10"))
	p.expect(t, "a=10 in 50s")
	p.offer(some("a", "11")) // the newest wins, and keeps the place
	p.now = start.Add(59 * time.Second)
	p.expect(t, "a=11 in 1s")
	p.now = start.Add(60 * time.Second)
	p.install(t, "install a=11")
	p.expect(t, "b=10 in 1s")
	p.now = start.Add(61 * time.Second)
	p.install(t, "install b=10")

	// others took the runtime's time: it is known only from its refusal
	p.offer(some("c", "11"))
	p.now = start.Add(5 * time.Minute)
	p.expect(t, "install c=11")
	p.limit.block(p.now, othersInstall)
	p.expect(t, "c=11 in 5s")
	p.now = p.now.Add(othersInstall)
	p.install(t, "install c=11")
}

// No install that the plan lets go is one that the runtime would refuse, whatever is edited when.
func TestTheLimitIsNeverPassed(t *testing.T) {
	for seed := range 20 {
		p := newPlay(false, true)
		var went []time.Time
		for i := range 400 {
			p.now = p.now.Add(time.Duration((i*7919+seed*104729)%3000) * time.Millisecond)
			p.offer(some(string(rune('a'+(i*i+seed)%7)), fmt.Sprint(i)))
			for {
				s := p.plan.next(p.now)
				if s.install == nil {
					break
				}
				went = append(went, p.now)
				p.now = p.now.Add(300 * time.Millisecond) // it counts from its answer
				p.plan.installed(s.install, p.now)
			}
		}
		for i := 10; i < len(went); i++ {
			if within := went[i].Sub(went[i-10]); within < time.Minute {
				t.Fatalf("seed %d: eleven installs in %s", seed, within)
			}
		}
		if len(went) < 50 {
			t.Fatalf("seed %d: %d installs only", seed, len(went))
		}
	}
}

// A private runtime is renewed instead, and gets back what was live.
func TestRenewal(t *testing.T) {
	p := newPlay(true, false)
	p.offer(some("b", "1"))
	p.install(t, "install b=1")
	for i := range 9 {
		p.offer(some("a", fmt.Sprint(i)))
		p.install(t, fmt.Sprintf("install a=%d", i))
	}
	p.offer(some("a", "9"))
	p.expect(t, "renew")
	p.plan.gone(nil, freshReason)
	if o := p.install(t, "install a=9"); !o.news {
		t.Error("it is the edit's")
	}
	if o := p.install(t, "install b=1"); o.news || o.reason != freshReason {
		t.Errorf("%+v", o)
	}
	p.expect(t, "nothing")
}

// A fresh private runtime has nothing to go on with when it refuses the newest.
func TestRefusedInAFreshRuntime(t *testing.T) {
	p := newPlay(true, false)
	p.offer(some("a", "1"))
	p.install(t, "install a=1")
	p.offer(some("a", "bad"))
	p.refuse(p.expect(t, "install a=bad"), p.now, true, false)
	p.expect(t, "nothing") // it goes on with 1
	p.offer(some("a", "worse"))
	p.plan.gone(nil, freshReason)
	p.refuse(p.expect(t, "install a=worse"), p.now, true, false)
	p.install(t, "put back a=1")
}

// Where there are more capsules than a private runtime takes, nothing waits: a fresh one goes on,
// and what was proven is not installed again until it changes, or a person asks for it.
func TestMoreThanAPrivateRuntimeTakes(t *testing.T) {
	p := newPlay(true, false)
	name := func(i int) string { return fmt.Sprintf("%02d", i) }
	for i := range 22 {
		p.offer(some(name(i), "1"))
	}
	for i := range 22 {
		if i == 10 || i == 20 {
			p.expect(t, "renew")
			p.plan.gone(nil, freshReason)
		}
		p.install(t, "install "+name(i)+"=1")
	}
	p.expect(t, "nothing")
	if got := p.offer(some(name(0), "1")); got != already {
		t.Error(got)
	}
	p.offer(some(name(0), "2"))
	p.install(t, "install 00=2")
	// the process dies: what it had comes again when it changes
	p.plan.gone(nil, freshReason)
	p.expect(t, "nothing")
	p.offer(some(name(21), "bad"))
	p.refuse(p.expect(t, "install 21=bad"), p.now, true, false)
	p.expect(t, "nothing")
	// as few as it takes are together again in the next
	for i := range 12 {
		p.forget(name(i))
	}
	p.plan.gone(nil, freshReason)
	for i := 12; i < 22; i++ {
		p.install(t, "install "+name(i)+"=1")
	}
}

func TestTheRuntimeGoesAway(t *testing.T) {
	p := newPlay(false, true)
	for _, dir := range []string{"a", "b"} {
		p.offer(some(dir, "1"))
		p.install(t, "install "+dir+"=1")
	}
	p.offer(some("b", "2"))
	during := p.expect(t, "install b=2")
	if p.gone(during, backReason) {
		t.Error("for the first time")
	}
	// what was live is offered again, and what was under way too; nothing is forgotten
	p.install(t, "install b=2")
	p.install(t, "install a=1")
	p.expect(t, "nothing")

	// a package that ends the runtime each time is given up, and not offered again
	p.offer(some("b", "killer"))
	for i := range 2 {
		during = p.expect(t, "install b=killer")
		if again := p.gone(during, backReason); again != (i == 1) {
			t.Fatal(i, again)
		}
	}
	p.refuse(during, p.now, false, true)
	var order []string
	for s := p.step(); s != "nothing"; s = p.step() {
		order = append(order, s)
		p.plan.installed(p.plan.next(p.now).install, p.now)
	}
	if got := strings.Join(order, ", "); got != "put back b=2, install a=1" {
		t.Error(got)
	}
}

func TestACapsuleThatIsNotWatchedAnyMore(t *testing.T) {
	p := newPlay(false, true)
	p.offer(some("a", "1"))
	p.forget("a")
	p.expect(t, "nothing")
}
