package smoke

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A load ends when it has had its time by both clocks, and is not judged when it has had
// little of a processor.
func TestLimitIsOfBothClocks(t *testing.T) {
	for name, c := range map[string]struct {
		share float64 // of a processor that the load gets
		want  error
		after time.Duration
	}{
		"a quiet machine":          {1, errWall, time.Second},
		"two processors":           {2, errWall, time.Second},
		"a quarter of a processor": {0.25, errWall, 4 * time.Second},
		"hardly any":               {0.01, errBusy, clockPatience * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				processor := func() time.Duration { return time.Duration(float64(time.Since(began)) * c.share) }
				ctx, cancel := Limits{Wall: time.Second}.bounded(t.Context(), processor)
				defer cancel()
				<-ctx.Done()
				if cause := context.Cause(ctx); !errors.Is(cause, c.want) {
					t.Errorf("ended with %v", cause)
				}
				if took := time.Since(began); took < c.after || took > c.after+2*clockTick {
					t.Errorf("ended after %s, want %s", took, c.after)
				}
			})
		})
	}
}

// What a busy machine did not let come to its end is not known, and is not broken.
func TestSlowIsNotBroken(t *testing.T) {
	var asked atomic.Int64
	stopped := func() time.Duration { asked.Add(1); return 0 } // the machine gives nothing
	r := loadWithin(t.Context(), voidModule("_initialize", 0x03, 0x40, 0x0c, 0, 0x0b), Options{Limits: Limits{Wall: 50 * time.Millisecond}}, stopped)
	if r.Verdict != Unknown || !hasCode(r, "smoke-slow") || asked.Load() == 0 {
		t.Errorf("verdict %s, findings %v", r.Verdict, r.Findings)
	}
}
