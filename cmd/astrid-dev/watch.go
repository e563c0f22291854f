package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/orchestrator/session"
)

// watchFlags are the flags that only watch has.
type watchFlags struct {
	quiet, settle, maxWait time.Duration
	onReload               string
	hookTimeout            time.Duration
	poll                   bool
	pollInterval           time.Duration
	noInitial              bool
}

func newWatch() *cobra.Command {
	var f watchFlags
	var b buildFlags
	cmd := &cobra.Command{
		Use:   "watch [PATH...]",
		Short: "Rebuild capsules as they change, and announce each reload",
		Long: `watch builds every capsule below the paths (the current folder without any),
waits for changes, rebuilds what really changed, smoke-loads the result and
announces the reload. It ends with Ctrl-C, or with q and Enter; r and Enter
looks at everything again and retries what failed.`,
		RunE: func(cmd *cobra.Command, args []string) error { return watch(cmd, args, f, b) },
	}
	flags := cmd.Flags()
	b.register(cmd)
	flags.DurationVar(&f.quiet, "quiet-window", orchestrator.DefaultQuiet, "announce when nothing changed for this long")
	flags.DurationVar(&f.settle, "settle", orchestrator.DefaultSettle, "start an early build after this much quiet")
	flags.DurationVar(&f.maxWait, "max-wait", 0, "build at the latest this long after the first change (0: 4 x quiet window)")
	flags.StringVar(&f.onReload, "on-reload", "", "command to run after each reload; the event is its stdin")
	flags.DurationVar(&f.hookTimeout, "on-reload-timeout", 30*time.Second, "end the --on-reload command after this long")
	flags.BoolVar(&f.poll, "poll", false, "look at every file again and again instead of asking the system for events")
	flags.DurationVar(&f.pollInterval, "poll-interval", 500*time.Millisecond, "how often to look where there are no events")
	flags.BoolVar(&f.noInitial, "no-initial-build", false, "build nothing until something changes")
	return cmd
}

func (f watchFlags) check() error {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"quiet-window", f.quiet}, {"settle", f.settle}, {"poll-interval", f.pollInterval}, {"on-reload-timeout", f.hookTimeout}} {
		if d.value <= 0 {
			return usage.New(fmt.Errorf("--%s must be longer than 0, not %s", d.name, d.value))
		}
	}
	if f.maxWait != 0 && f.maxWait < f.quiet {
		return usage.New(fmt.Errorf("--max-wait %s is shorter than the quiet window %s", f.maxWait, f.quiet))
	}
	return nil
}

// watch runs until the context ends, or somebody types q.
func watch(cmd *cobra.Command, args []string, f watchFlags, b buildFlags) error {
	if err := errors.Join(f.check(), b.check()); err != nil {
		return err
	}
	roots, missing, err := paths.Watchable(args)
	if err != nil {
		return err
	}
	ctx, quit := context.WithCancel(cmd.Context())
	defer quit()
	return session.Watch(ctx, session.WatchOptions{
		Options: b.options(cmd, roots), Missing: missing,
		Quiet: f.quiet, Settle: f.settle, MaxWait: f.maxWait, Poll: f.poll, PollInterval: f.pollInterval,
		NoInitialBuild: f.noInitial, Again: keys(ctx, quit), OnReload: f.onReload, OnReloadTimeout: f.hookTimeout,
	})
}
