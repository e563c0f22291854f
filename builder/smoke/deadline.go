package smoke

import (
	"context"
	"errors"
	"time"
)

// A limit in wall clock alone would blame a module for a busy machine. So a load is over
// when it has had its time both by the clock and of a processor; where only the clock has
// moved, and far, nobody knows whether the module is sound.

// clockPatience is how many times Limits.Wall may pass by the clock for a load that was not
// given that much of a processor: a machine with ten busy loops on each gives a tenth.
const clockPatience = 10

// clockTick is how often the processor time is looked at; each look takes a microsecond.
const clockTick = 20 * time.Millisecond

var (
	errWall = errors.New("time limit")                                    // the module has had its time
	errBusy = errors.New("the machine gave it too little of a processor") // it has not
)

// bounded returns a context that ends with errWall or errBusy as its cause. Without a
// processor clock, time by the clock is all there is.
func (l Limits) bounded(ctx context.Context, processor func() time.Duration) (context.Context, context.CancelFunc) {
	if processor == nil {
		return context.WithTimeoutCause(ctx, l.Wall, errWall)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		began, used := time.Now(), processor()
		tick := time.NewTicker(clockTick)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			switch wall := time.Since(began); {
			case wall >= l.Wall && processor()-used >= l.Wall:
				cancel(errWall)
			case wall >= clockPatience*l.Wall:
				cancel(errBusy)
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// processorTime is what this process has used; nil where nobody tells.
func processorTime() func() time.Duration {
	if _, cpu := usage(); cpu == 0 {
		return nil
	}
	return func() time.Duration {
		_, cpu := usage()
		return time.Duration(cpu * float64(time.Millisecond))
	}
}
