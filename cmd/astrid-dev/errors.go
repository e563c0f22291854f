package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
)

// This file is the only one that prints errors. A line begins with the
// program's name and "error:"; what to do follows on a line that begins with
// "help:". Both go to stderr.

// failedError says that capsules failed. What failed was printed already.
type failedError struct {
	count  int
	what   string // what failed; "" is a capsule
	notRun int    // verify: not known to be sound
	closed int    // folders that could not be read, which were named
	said   bool   // how many was printed too
}

func (e *failedError) Error() string {
	switch {
	case e.count == 0 && e.closed > 0 && e.notRun == 0:
		return text.Count(e.closed, "folder") + " could not be read"
	case e.count == 0:
		return text.Count(e.notRun, "capsule") + " not run"
	case e.notRun == 0:
		return text.Count(e.count, cmp.Or(e.what, "capsule")) + " failed"
	}
	return fmt.Sprintf("%s failed, %d not run", text.Count(e.count, "capsule"), e.notRun)
}

var errInterrupted = errors.New("interrupted")

// isFailed reports whether err says that capsules failed, which outweighs an interruption.
func isFailed(err error) bool {
	var f *failedError
	return errors.As(err, &f)
}

// report prints err and returns the exit code that it means.
func report(w io.Writer, err error) int {
	var failed *failedError
	if errors.As(err, &failed) {
		if !failed.said {
			fmt.Fprintln(w, "astrid-dev: "+failed.Error())
		}
		return exitFailed
	}
	var exit *exitError
	if errors.As(err, &exit) {
		if exit.text != "" {
			fmt.Fprintln(w, text.Block("astrid-dev: "+exit.text, "  "))
		}
		if exit.hint != "" {
			fmt.Fprintln(w, console.Help(exit.hint))
		}
		return exit.code
	}
	fmt.Fprintln(w, text.Block("astrid-dev: error: "+err.Error(), "  "))
	var u *usage.Error
	if errors.As(err, &u) && u.Hint != "" {
		fmt.Fprintln(w, console.Help(u.Hint))
	}
	return exitUsage
}
