package orchestrator

import (
	"slices"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event/flat"
)

// begun are the capsules in the order in which their builds began, since the index from.
func (w *world) begun(from int) (names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.events[from:] {
		if e.Type == flat.BuildStarted {
			names = append(names, e.Capsule)
		}
	}
	return names
}

// What somebody edits is built before all that waits, once; then what waited longest has its turn.
func TestWhatIsEditedIsBuiltFirstAndStopsNobody(t *testing.T) {
	setup := func(w *world) Config {
		for _, dir := range []string{"/a", "/b", "/c", "/d"} {
			w.capsule(dir, "1")
		}
		cfg := w.config()
		cfg.Jobs = 1
		return cfg
	}
	run(t, setup, func(w *world) {
		time.Sleep(2 * long)
		from := w.count()
		for _, dir := range []string{"/a", "/b", "/c", "/d"} {
			w.slow(dir, 2*time.Second)
		}
		for _, dir := range []string{"/a", "/b", "/c"} { // a begins, b and c wait
			w.write(dir, "2")
			time.Sleep(100 * time.Millisecond)
		}
		w.write("/d", "2")
		time.Sleep(2500 * time.Millisecond) // d runs, before b and c
		w.write("/a", "3")                  // and a waits again; it was edited last
		time.Sleep(2 * long)
		if got, want := w.begun(from), []string{"a", "d", "b", "a", "c"}; !slices.Equal(got, want) {
			t.Errorf("builds began in the order %v, want %v", got, want)
		}
	})
}

// Who has not edited is told no time after the edit: neither at the start nor when files were only touched.
func TestNoTimeAfterAnEditThatNobodyMade(t *testing.T) {
	run(t, one, func(w *world) {
		time.Sleep(10 * time.Millisecond)
		w.write("/a", "1") // as the watcher tells of files that it finds
		time.Sleep(long)
		if e := w.last(flat.Reload); e.LatencyMS != 0 {
			t.Errorf("%d ms after an edit", e.LatencyMS)
		}
		w.write("/a", "2")
		time.Sleep(long)
		if e := w.last(flat.Reload); e.Generation != 2 || e.LatencyMS == 0 {
			t.Errorf("%+v", e)
		}
	})
}
