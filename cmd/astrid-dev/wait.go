package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/ask"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
)

// waitFlags are the flags of wait.
type waitFlags struct {
	timeout     time.Duration
	since       string
	json        bool
	build, hook bool
}

func newWait() *cobra.Command {
	var f waitFlags
	cmd := &cobra.Command{
		Use:   "wait [PATH...]",
		Short: "Wait for a running watch's verdict on what is on disk now",
		Long: `wait returns when the running watch has built, or need not build, exactly what is on
disk now, of all capsules at, around and below the paths (the current folder without any), and
prints its verdict. It exits with 0 when all are sound, 1 when one failed or is held, 3 when
nothing watches there, and 124 when the time was not enough: it then says --since TOKEN, with
which the next call goes on waiting for the same verdict.`,
		RunE: func(cmd *cobra.Command, args []string) error { return wait(cmd, args, f) },
	}
	cmd.Flags().DurationVar(&f.timeout, "timeout", time.Minute, "give up after this long")
	cmd.Flags().StringVar(&f.since, "since", "", "go on with the wait that ended with this token")
	cmd.Flags().BoolVar(&f.json, "json", false, "the answer as one line of JSON, as --format json")
	cmd.Flags().BoolVar(&f.build, "build", false, "build, where nothing watches")
	cmd.Flags().BoolVar(&f.hook, "hook", false, "for hooks of coding agents: nothing when all is sound, else the errors on stderr and exit code 2")
	return cmd
}

func wait(cmd *cobra.Command, args []string, f waitFlags) error {
	if f.timeout <= 0 {
		return usage.New(fmt.Errorf("--timeout must be longer than 0, not %s", f.timeout))
	}
	w, list, err := watchOf(args)
	if err != nil {
		return waitWithout(cmd, list, f, err)
	}
	answer, err := w.Wait(cmd.Context(), list, f.since, f.timeout, nil)
	switch {
	case errors.Is(err, context.Canceled):
		return errInterrupted
	case err != nil:
		return usage.New(err)
	case len(answer.Capsules) == 0 && !answer.TimedOut:
		return waitWithout(cmd, list, f, &exitError{code: exitNobody, text: "the watch of process " + fmt.Sprint(w.PID) + " has no capsule there", hint: "a capsule is a folder with a Capsule.toml"})
	}
	return tellAnswer(cmd, answer, f)
}

// waitWithout is for paths that nobody watches.
func waitWithout(cmd *cobra.Command, list []string, f waitFlags, err error) error {
	var nobody *exitError
	switch {
	case !errors.As(err, &nobody):
		return err
	case f.hook:
		return nil // a hook runs after each edit, also where nobody develops
	case f.build:
		return build(cmd, list, buildFlags{jobs: 1}, cacheFlags{}, false)
	}
	return err
}

// tellAnswer prints a verdict, what failed first, and turns it into an exit code.
func tellAnswer(cmd *cobra.Command, a *ask.Answer, f waitFlags) error {
	failed := slices.DeleteFunc(slices.Clone(a.Capsules), func(v ask.Verdict) bool { return v.State == event.Good })
	sound := slices.DeleteFunc(slices.Clone(a.Capsules), func(v ask.Verdict) bool { return v.State != event.Good })
	switch {
	case f.hook:
		return tellHook(cmd, a, failed)
	case f.json || asJSON(cmd):
		if err := writeJSON(cmd, a); err != nil {
			return err
		}
	default:
		for _, v := range slices.Concat(failed, sound) {
			tellVerdict(cmd.OutOrStdout(), v)
		}
	}
	switch {
	case a.TimedOut:
		return &exitError{code: exitTimedOut, text: "no verdict within " + f.timeout.String(), hint: strings.Join([]string{"go on waiting with astrid-dev wait --since", a.Token}, " ")}
	case !a.Sound():
		return &failedError{count: len(failed), said: f.json || asJSON(cmd)}
	}
	return nil
}

// tellHook is for coding agents: they show stderr to the model when the exit code is 2.
func tellHook(cmd *cobra.Command, a *ask.Answer, failed []ask.Verdict) error {
	for _, v := range failed {
		tellVerdict(cmd.ErrOrStderr(), v)
	}
	if len(failed) > 0 {
		return &exitError{code: exitUsage}
	}
	if a.TimedOut {
		return &exitError{code: exitUsage, text: "the build is not done yet: astrid-dev wait --since " + a.Token}
	}
	return nil
}
