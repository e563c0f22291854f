package engine

import (
	"context"
	"errors"
	"time"
)

// A limit in wall clock alone would blame a module for a busy machine. So a load is over
// when it has had its time both by the clock and of a processor; where only the clock has
// moved, and far, nobody knows whether the module is sound.

// ClockPatience is how many times the limit may pass by the clock for a load that was not
// given that much of a processor: a machine with ten busy loops on each gives a tenth.
const ClockPatience = 10

// clockTick is how often the processor time is looked at; each look takes a microsecond.
const clockTick = 20 * time.Millisecond

var (
	ErrWall = errors.New("time limit")                                    // the module has had its time
	ErrBusy = errors.New("the machine gave it too little of a processor") // it has not
)

// Bounded returns a context that ends with ErrWall or ErrBusy as its cause, for wall of both
// clocks. Without a processor clock, time by the clock is all there is.
func Bounded(ctx context.Context, limit time.Duration, processor func() time.Duration) (context.Context, context.CancelFunc) {
	if processor == nil {
		return context.WithTimeoutCause(ctx, limit, ErrWall)
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
			case wall >= limit && processor()-used >= limit:
				cancel(ErrWall)
			case wall >= ClockPatience*limit:
				cancel(ErrBusy)
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// ProcessorTime is what this process has used; nil where nobody tells.
func ProcessorTime() func() time.Duration {
	if _, cpu := Usage(); cpu == 0 {
		return nil
	}
	return func() time.Duration {
		_, cpu := Usage()
		return time.Duration(cpu * float64(time.Millisecond))
	}
}
