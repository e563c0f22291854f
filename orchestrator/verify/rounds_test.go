package verify

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

// A round runs its jobs in order, as many at once as there are places, none beside one of
// its group, and after those whose modules it takes; one that takes long lends its place.
func TestRoundsShareThePlaces(t *testing.T) {
	base := &job{dir: "base"}
	for name, c := range map[string]struct {
		places int
		jobs   []*job
		took   map[string]time.Duration
		begins map[string]time.Duration // since the round began
	}{
		"one after the other": {1, []*job{{dir: "a"}, {dir: "b"}},
			map[string]time.Duration{"a": time.Second, "b": time.Second}, map[string]time.Duration{"a": 0, "b": time.Second}},
		"a group": {2, []*job{{dir: "a", group: "g"}, {dir: "b", group: "g"}, {dir: "c"}},
			map[string]time.Duration{"a": 3 * time.Second, "b": time.Second, "c": time.Second}, map[string]time.Duration{"a": 0, "b": 3 * time.Second, "c": 0}},
		"a module": {2, []*job{{dir: "a", needs: []*job{base}}, base},
			map[string]time.Duration{"a": time.Second, "base": 2 * time.Second}, map[string]time.Duration{"a": 2 * time.Second, "base": 0}},
		"a job that hangs lends its place, and one that has borrowed keeps it": {1, []*job{{dir: "a"}, {dir: "b"}, {dir: "c"}},
			map[string]time.Duration{"a": time.Hour, "b": 40 * time.Second, "c": time.Second},
			map[string]time.Duration{"a": 0, "b": 30 * time.Second, "c": 70 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &run{Config: Config{Jobs: c.places}, report: &report.Report{}, jobs: c.jobs}
				start, begins := time.Now(), map[string]time.Duration{}
				var mu sync.Mutex
				r.each(t.Context(), func(j *job) {
					mu.Lock()
					begins[j.dir] = time.Since(start)
					mu.Unlock()
					time.Sleep(c.took[j.dir])
				})
				if diff := cmp.Diff(c.begins, begins); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// What has begun is waited for when the run is stopped, and nothing else begins.
func TestRoundsStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		r := &run{Config: Config{Jobs: 1}, report: &report.Report{}, jobs: []*job{{dir: "a"}, {dir: "b"}}}
		ended := ""
		r.each(ctx, func(j *job) {
			stop()
			time.Sleep(time.Minute)
			ended += j.dir
		})
		if ended != "a" {
			t.Errorf("%q has run to its end", ended)
		}
	})
}
