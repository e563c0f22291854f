package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// about is an event of the capsule called name.
func about(name string, body event.Body) event.Event {
	return event.Event{Capsule: name, Dir: "/" + name, Body: body}
}

// read takes what s gives until it ends or ctx does.
func read(ctx context.Context, s *Subscription) (list []event.Event, err error) {
	for {
		if err = s.Wait(ctx); err != nil {
			return list, err
		}
		for item, ok := s.Next(); ok; item, ok = s.Next() {
			list = append(list, item.Event)
		}
	}
}

// seqs are the numbers of events.
func seqs(list []event.Event) (n []uint64) {
	for _, e := range list {
		n = append(n, e.Seq)
	}
	return n
}

func TestEventsAreNumberedAndDated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := New()
		s := h.Subscribe(0, Fail(1<<20))
		for range 3 {
			h.Publish(event.Event{Seq: 99, Body: event.Idle{}})
			time.Sleep(time.Second)
		}
		h.Close()
		h.Publish(event.Event{Body: event.Idle{}}) // nobody hears of it
		list, err := read(t.Context(), s)
		if diff := cmp.Diff([]uint64{1, 2, 3}, seqs(list)); diff != "" || err != io.EOF {
			t.Error(err, diff)
		}
		if d := list[2].Time.Sub(list[0].Time); d != 2*time.Second {
			t.Errorf("the third is %s after the first", d)
		}
	})
}

// Who comes again with the number of the event that it read last misses nothing; who was
// away for too long, or comes from another run, is told first how everything stands.
func TestALateReaderGoesOnOrBeginsWithASnapshot(t *testing.T) {
	h := New()
	h.events = 4
	for i := range 10 {
		h.Publish(about(fmt.Sprint(i), event.Reload{Generation: 1}))
	}
	readers := map[uint64]*Subscription{}
	for _, from := range []uint64{0, 5, 6, 9, 10, 12} {
		readers[from] = h.Subscribe(from, Fail(1<<20))
	}
	h.Publish(event.Event{Body: event.Idle{}})
	h.Close()
	for from, want := range map[uint64][]uint64{0: {10, 11}, 5: {10, 11}, 6: {7, 8, 9, 10, 11}, 9: {10, 11}, 10: {11}, 12: {10, 11}} {
		list, _ := read(t.Context(), readers[from])
		if diff := cmp.Diff(want, seqs(list)); diff != "" {
			t.Errorf("from %d: %s", from, diff)
		}
		begins, ok := list[0].Body.(event.Snapshot)
		if told := from == 0 || from == 5 || from == 12; told != ok || ok && len(begins.Standing) != 10 {
			t.Errorf("from %d: it begins with %+v", from, list[0])
		}
	}
}

func TestTheRingForgetsByBytesToo(t *testing.T) {
	h := New()
	h.bytes = 10_000
	for range 100 {
		h.Publish(event.Event{Body: event.Warning{Message: strings.Repeat("x", 1000)}})
	}
	if n := len(h.kept); n < 5 || n > 10 || h.weight > h.bytes {
		t.Errorf("%d events of %d bytes are kept", n, h.weight)
	}
}

func TestPolicies(t *testing.T) {
	h := New()
	fail, drop, latest := h.Subscribe(0, Fail(3000)), h.Subscribe(0, Drop(3000)), h.Subscribe(0, Latest(func(e event.Event) bool { return e.Body.Kind() == "reload" }))
	for i := range 5 {
		h.Publish(about("a", event.Reload{Generation: i, Reason: strings.Repeat("x", 1000)}))
		h.Publish(about("b", event.Reload{Generation: i}))
		h.Publish(about("b", event.BuildStarted{}))
	}
	if err := fail.Wait(t.Context()); !errors.Is(err, ErrSlow) {
		t.Error(err)
	}
	h.Close()
	list, err := read(t.Context(), drop)
	if n := drop.Missed(); n == 0 || n+len(list) != 15 || err != io.EOF || drop.Missed() != 0 {
		t.Errorf("%d missed, %d read, %v", n, len(list), err)
	}
	list, err = read(t.Context(), latest)
	if len(list) != 2 || list[0].Body.(event.Reload).Generation != 4 || list[1].Capsule != "b" || err != io.EOF {
		t.Errorf("%v %+v", err, list)
	}
	if <-fail.Done(); fail.Err() != ErrSlow {
		t.Error(fail.Err())
	}
}

func TestSnapshot(t *testing.T) {
	h := New()
	artifact := event.NewArtifact([]event.Component{{ID: "a", Path: "/good/a.wasm", Hash: "h"}})
	for _, e := range []event.Event{
		about("good", event.BuildStarted{SourceHash: "1"}),
		{Body: event.Ready{Capsules: 4, Watched: []event.Subject{{Capsule: "good", Dir: "/good"}, {Capsule: "quiet", Dir: "/quiet"}}}},
		about("good", event.Reload{SourceHash: "1", Basis: event.Basis{Key: "k1"}, Generation: 1, Artifact: artifact, Tests: &event.Tests{Passed: 2}}),
		about("good", event.Live{Key: "k1", Hash: "h", Runtime: "live"}),
		about("bad", event.CapsuleAdded{SourceHash: "2"}),
		about("bad", event.BuildStarted{SourceHash: "2"}),
		about("bad", event.BuildFailed{SourceHash: "2", Basis: event.Basis{Key: "k2"}}),
		about("gone", event.CapsuleAdded{}),
		about("gone", event.CapsuleRemoved{}),
		{Body: event.Idle{}},
		about("good", event.Change{SourceHash: "3"}),
		about("good", event.BuildStarted{SourceHash: "3"}),
		about("good", event.Warning{}),
		about("quiet", event.LiveFailed{Runtime: "live", Reason: "it was refused"}),
	} {
		h.Publish(e)
	}
	want := event.Snapshot{Ready: true, Standing: []event.Standing{
		{Subject: event.Subject{Capsule: "bad", Dir: "/bad"}, State: event.Failed, SourceHash: "2", Key: "k2", Verdict: 8},
		{Subject: event.Subject{Capsule: "good", Dir: "/good"}, State: event.Good, Building: true, SourceHash: "3", Key: "k1", Generation: 1, Verdict: 4, Artifact: artifact,
			Tests: &event.Tests{Passed: 2}, Live: &event.Living{Runs: true, Key: "k1", Hash: "h", Runtime: "live"}},
		{Subject: event.Subject{Capsule: "quiet", Dir: "/quiet"}, State: event.Unknown, Live: &event.Living{Runtime: "live", Reason: "it was refused"}},
	}}
	if got := h.Snapshot(); got.Seq != 15 {
		t.Errorf("its seq is %d", got.Seq)
	} else if diff := cmp.Diff(want, got.Body, cmpopts.IgnoreFields(event.Standing{}, "Since"), cmpopts.IgnoreFields(event.Living{}, "Since")); diff != "" {
		t.Error(diff)
	}
}

// Who reads from the beginning finds one behind ready, and a failure that was touched stays one.
func TestSnapshotFollowsReady(t *testing.T) {
	h := New()
	h.Publish(about("bad", event.BuildFailed{SourceHash: "1"}))
	h.Publish(event.Event{Body: event.Ready{Capsules: 1}})
	h.Publish(about("bad", event.Unchanged{SourceHash: "1", State: event.Failed}))
	late := h.Snapshot().Body
	h.Close()
	list, _ := read(t.Context(), h.Subscribe(0, Fail(1<<20)))
	if len(list) != 4 || list[2].Seq != 3 || list[2].Body.Kind() != "snapshot" {
		t.Fatalf("%+v", list)
	}
	for i, body := range []event.Body{list[2].Body, late} {
		s, _ := body.(event.Snapshot)
		if !s.Ready || len(s.Standing) != 1 || s.Standing[0].State != event.Failed || s.Standing[0].Verdict != uint64(1+3*i) || s.Standing[0].Since.IsZero() {
			t.Errorf("%d: %+v", i, s)
		}
	}
}

// One writer, and readers that are quick, slow, late, gone in the middle, or never read:
// the writer never waits, and whoever reads on misses nothing and sees nothing twice.
func TestManyReaders(t *testing.T) {
	const count = 5000
	h := New()
	var readers sync.WaitGroup
	for i := range 40 {
		readers.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 1))
			time.Sleep(time.Duration(r.IntN(20)) * time.Millisecond)
			follow(t, h, r)
		})
	}
	stuck := h.Subscribe(0, Fail(1<<10))
	looking := h.Subscribe(0, Drop(1<<10))
	for i := range count {
		h.Publish(about(fmt.Sprint(i%7), event.Reload{Generation: i}))
		if i%100 == 0 {
			time.Sleep(time.Millisecond)
			_ = h.Snapshot()
		}
	}
	h.Close()
	readers.Wait()
	if err := stuck.Wait(t.Context()); !errors.Is(err, ErrSlow) {
		t.Error(err)
	}
	list, _ := read(t.Context(), looking)
	if n := looking.Missed() + len(list); n != count {
		t.Errorf("%d of %d events were read or counted", n, count)
	}
}

// follow reads to the end, and stops and comes again now and then.
func follow(t *testing.T, h *Hub, r *rand.Rand) {
	token := uint64(0)
	for {
		s := h.Subscribe(token, Fail(64<<20))
		for n := r.IntN(3000); n >= 0; n-- {
			err := s.Wait(t.Context())
			if err != nil {
				if err != io.EOF || token != 5000 {
					t.Errorf("ended at %d: %v", token, err)
				}
				return
			}
			item, _ := s.Next()
			if _, snapshot := item.Event.Body.(event.Snapshot); !snapshot && item.Event.Seq != token+1 {
				t.Errorf("%d after %d", item.Event.Seq, token)
			}
			if token = item.Event.Seq; r.IntN(500) == 0 {
				time.Sleep(time.Millisecond)
			}
		}
		s.Close()
	}
}

// Close ends a Wait in another goroutine, and so does the end of its context.
func TestWaitEnds(t *testing.T) {
	h := New()
	ctx, cancel := context.WithCancel(t.Context())
	a, b := h.Subscribe(0, Fail(1)), h.Subscribe(0, Fail(1))
	ended := make(chan error)
	go func() { ended <- a.Wait(context.Background()) }()
	a.Close()
	if err := <-ended; !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	go func() { ended <- b.Wait(ctx) }()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	b.Close()
}

// What cannot be written is handed on without its line.
func TestAnEventThatIsNoJSON(t *testing.T) {
	h := New()
	s := h.Subscribe(0, Fail(1<<10))
	h.Publish(about("a", event.Reload{Delta: []byte("{")}))
	if item, ok := s.Next(); !ok || item.Line != nil || item.Event.Seq != 1 {
		t.Errorf("%v %+v", ok, item)
	}
}

// Publishing costs an event some microseconds, whatever its readers do.
func BenchmarkPublish(b *testing.B) {
	h := New()
	for range 10 {
		h.Subscribe(0, Drop(1<<20))
	}
	e := about("a", event.Reload{SourceHash: strings.Repeat("a", 64), Artifact: event.NewArtifact([]event.Component{{ID: "a", Path: "/a/a.wasm"}})})
	b.ReportAllocs()
	for b.Loop() {
		h.Publish(e)
	}
}

// A subscription says whether it begins with a snapshot because what was asked for is not kept.
func TestGap(t *testing.T) {
	h := New()
	h.events = 3
	defer h.Close()
	for range 5 {
		h.Publish(event.Event{Body: event.Idle{}})
	}
	for from, want := range map[uint64]bool{0: true, 1: true, 2: false, 4: false, 5: false, 6: true} {
		s := h.Subscribe(from, Fail(1<<20))
		if item, some := s.Next(); s.Gap() != want || some && (item.Event.Body.Kind() == event.Snapshot{}.Kind()) != want {
			t.Errorf("after %d: a gap %t, and first %+v", from, s.Gap(), item.Event)
		}
		s.Close()
	}
}
