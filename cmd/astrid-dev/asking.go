package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/ask"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// This file holds what the commands share that ask a running watch.

// The exit codes that they have beside the others.
const (
	exitNobody   = 3   // nothing watches there
	exitTimedOut = 124 // as timeout(1)
)

// exitError ends the program with a code. What is to be said was said, or is its text.
type exitError struct {
	code int
	text string
	hint string
}

func (e *exitError) Error() string { return e.text }

// watchOf finds the watch of the paths that args name, and makes these absolute.
func watchOf(args []string) (*ask.Watch, []string, error) {
	list, err := paths.Absolute(args)
	if err != nil {
		return nil, nil, err
	}
	w, err := ask.Find(list)
	if errors.Is(err, ask.ErrNobody) {
		return nil, list, &exitError{code: exitNobody, text: "nothing watches " + paths.Joined(list), hint: "start astrid-dev watch there; astrid-dev wait --build builds without one"}
	}
	if err != nil {
		return nil, list, usage.New(err)
	}
	return w, list, nil
}

// tellVerdict writes what a watch said of a capsule, for a person.
func tellVerdict(w io.Writer, v ask.Verdict) {
	dir, _ := os.Getwd()
	if e, err := event.Parse(v.Event); err == nil {
		fmt.Fprint(w, console.Text(e, dir))
		return
	}
	fmt.Fprintf(w, "%-9s  %s\n", v.State, v.Capsule)
}

// age is how long ago something was, in words.
func age(since time.Time) string {
	switch d := time.Since(since); {
	case since.IsZero():
		return ""
	case d < time.Minute:
		return fmt.Sprintf("%d s ago", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min ago", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h ago", int(d.Hours()))
	default:
		return fmt.Sprintf("%d days ago", int(d.Hours()/24))
	}
}

func writeJSON(cmd *cobra.Command, value any) error {
	return json.NewEncoder(cmd.OutOrStdout()).Encode(value)
}
