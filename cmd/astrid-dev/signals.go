package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// oneSignal is how long the same signal may echo: timeout(1), terminals and supervisors
// signal a process and its group, within milliseconds. Nobody types so fast.
const oneSignal = 250 * time.Millisecond

// interruptible is a context that the first signal ends. The second one ends
// the program at once: the guardians of what still runs see that and clean up.
// Ctrl-Z stops what runs for us as well, until fg or bg continue it.
func interruptible() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup means it
		signal.Notify(signals, syscall.SIGHUP)
	}
	// A closed pipe is an error of the write that met it, not the program's end.
	signal.Ignore(syscall.SIGPIPE)
	go func() {
		first, came := <-signals, time.Now()
		cancel()
		for second := range signals {
			if second != first || time.Since(came) > oneSignal {
				theScreen.close()
				os.Exit(exitInterrupted)
			}
		}
	}()
	go suspendable(theScreen)
	return ctx, cancel
}
