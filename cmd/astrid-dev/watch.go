package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/orchestrator/session"
)

func newWatch() *cobra.Command {
	var f watchFlags
	var b buildFlags
	var l liveFlags
	cmd := &cobra.Command{
		Use:   "watch [PATH...]",
		Short: "Rebuild capsules as they change, and announce each reload",
		Long: `watch builds every capsule below the paths (the current folder without any),
waits for changes, rebuilds what really changed, smoke-loads the result and
announces the reload. It ends with Ctrl-C, or with q and Enter; r and Enter
looks at everything again and retries what failed.

With --isolated each reload is installed in Astrid's real runtime, in a daemon with a
home of its own that ends with this command; with --live in the runtime that you run,
which gets the last good package back after one that it refuses.

With --serve it is shown in a browser too, at a URL that is printed and that status says again:
capsules, errors, tools to call, sizes and times. docs/page.md describes it.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			err := watch(cmd, args, watchCall{f, b, l})
			if cmd.Context().Err() != nil && errors.Is(err, context.Canceled) {
				return nil // Ctrl-C ends it well, also before everything is watched
			}
			return err
		},
	}
	b.register(cmd)
	l.register(cmd)
	f.declare(cmd.Flags())
	return cmd
}

// watchCall are all flags of a call of watch.
type watchCall struct {
	watchFlags
	build buildFlags
	live  liveFlags
}

// watch runs until the context ends, or somebody types q.
func watch(cmd *cobra.Command, args []string, f watchCall) error {
	if err := errors.Join(f.watchFlags.check(), f.build.check(), f.live.check()); err != nil {
		return err
	}
	args, page := f.page(cmd, args)
	roots, missing, err := paths.Watchable(args)
	if err != nil {
		return err
	}
	runtime, end, err := f.live.begin(cmd, roots)
	defer end()
	if err != nil {
		return err
	}
	ctx, quit := context.WithCancel(cmd.Context())
	defer quit()
	o := f.build.options(cmd, roots)
	o.Live = runtime
	return session.Watch(ctx, session.WatchOptions{
		Options: o, Missing: missing,
		Quiet: f.quiet, Settle: f.settle, MaxWait: f.maxWait, Poll: f.poll, PollInterval: f.pollInterval,
		NoInitialBuild: f.noInitial, Serve: page, Again: keys(ctx, quit), OnReload: f.onReload, OnReloadEach: f.hookEach, OnLive: f.live.onLive, HookTimeout: f.hookTimeout,
	})
}
