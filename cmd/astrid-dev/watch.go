package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/notify"
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
announces the reload. It ends with Ctrl-C or q.

At a terminal single keys are read: r looks at everything again and retries what
failed, f only what failed, e shows the errors that stand, v the output of builds,
c clears the screen, t lists tools, ? says this.

An edit of Rust or AssemblyScript is answered by a debug module, built sooner; when all
is quiet for some seconds a release of the same sources takes its place. --release builds
releases only, as build, verify and pack always do.

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

// watch runs until the context ends, or somebody presses q.
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
	o := f.build.options(cmd, roots)
	keys := theScreen.keys()
	defer theScreen.close()
	o.Console.Keys = keys != nil
	o.Live, o.Debug = runtime, !f.release
	if f.notify {
		if o.Notify, err = notifier(); err != nil {
			return err
		}
	}
	done, err := f.build.timed(&o)
	if err != nil {
		return err
	}
	defer done()
	if o.Shared, err = f.build.results(); err != nil {
		return err
	}
	defer closeCache(o.Shared)
	return session.Watch(cmd.Context(), session.WatchOptions{
		Options: o, Missing: missing,
		Quiet: f.quiet, Settle: f.settle, MaxWait: f.maxWait, Poll: f.poll, PollInterval: f.pollInterval,
		NoInitialBuild: f.noInitial, Serve: page, Keys: keys, OnReload: f.onReload, OnFailed: f.onFailed, OnMended: f.onMended, Notes: dailyNotes(cmd), OnReloadEach: f.hookEach, OnLive: f.live.onLive, HookTimeout: f.hookTimeout,
	})
}

// notifier is how somebody who looks elsewhere is told.
func notifier() (*notify.Options, error) {
	o := &notify.Options{Program: notify.Desktop(), Env: os.Environ()}
	if term.IsTerminal(int(os.Stderr.Fd())) {
		o.Bell = os.Stderr
	}
	if o.Bell == nil && o.Program == nil {
		return nil, usage.Hint(errors.New("--notify has neither a terminal to ring nor a program that shows notifications"), "install notify-send (Debian: libnotify-bin), or leave it out")
	}
	return o, nil
}
