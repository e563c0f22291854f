package engine

import (
	"context"
	"errors"
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
		"a quiet machine":          {1, ErrWall, time.Second},
		"two processors":           {2, ErrWall, time.Second},
		"a quarter of a processor": {0.25, ErrWall, 4 * time.Second},
		"hardly any":               {0.01, ErrBusy, ClockPatience * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				processor := func() time.Duration { return time.Duration(float64(time.Since(began)) * c.share) }
				ctx, cancel := Bounded(t.Context(), time.Second, processor)
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
