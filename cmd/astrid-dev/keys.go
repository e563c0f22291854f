package main

import (
	"bufio"
	"context"
	"os"

	"golang.org/x/term"
)

// keys reads what a person types: r looks again, q ends. Lines, not single
// keys, so that the terminal needs no other mode and none is left behind.
func keys(ctx context.Context, quit func()) <-chan struct{} {
	retry := make(chan struct{})
	readLines(func(line string) {
		switch line {
		case "q", "quit":
			quit()
		case "r", "retry":
			select {
			case retry <- struct{}{}:
			case <-ctx.Done():
			}
		}
	})
	return retry
}

// readLines calls do with every line that a person types. It goes on until the
// program ends: a read of a terminal cannot be cancelled. In the background of a
// shell nothing is read, and nothing is stopped either.
func readLines(do func(line string)) {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return
	}
	go func() {
		for lines := bufio.NewScanner(newTerminalReader(os.Stdin)); lines.Scan(); {
			do(lines.Text())
		}
	}()
}
