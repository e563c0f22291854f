package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator"
	"github.com/astrid-runtime/astrid-dev/orchestrator/announce"
	"github.com/astrid-runtime/astrid-dev/watcher"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// watchFlags are the flags of watch.
type watchFlags struct {
	quiet, settle, maxWait time.Duration
	jobs                   int
	onReload               string
	hookTimeout            time.Duration
	poll                   bool
	pollInterval           time.Duration
	noInitial, strict      bool
}

func newWatch() *cobra.Command {
	var f watchFlags
	cmd := &cobra.Command{
		Use:   "watch [PATH...]",
		Short: "Rebuild capsules as they change, and announce each reload",
		Long: `watch builds every capsule below the paths (the current folder without any),
waits for changes, rebuilds what really changed, smoke-loads the result and
announces the reload. It ends with Ctrl-C, or with q and Enter; r and Enter
looks at everything again and retries what failed.`,
		RunE: func(cmd *cobra.Command, args []string) error { return watch(cmd, args, f) },
	}
	flags := cmd.Flags()
	flags.DurationVar(&f.quiet, "quiet-window", orchestrator.DefaultQuiet, "announce when nothing changed for this long")
	flags.DurationVar(&f.settle, "settle", orchestrator.DefaultSettle, "start an early build after this much quiet")
	flags.DurationVar(&f.maxWait, "max-wait", 0, "build at the latest this long after the first change (4 x quiet window)")
	flags.IntVar(&f.jobs, "jobs", 0, "builds in parallel (half the processors)")
	flags.StringVar(&f.onReload, "on-reload", "", "command to run after each reload; the event is its stdin")
	flags.DurationVar(&f.hookTimeout, "on-reload-timeout", 30*time.Second, "end the --on-reload command after this long")
	flags.BoolVar(&f.poll, "poll", false, "look at every file again and again instead of asking the system for events")
	flags.DurationVar(&f.pollInterval, "poll-interval", 500*time.Millisecond, "how often to look where there are no events")
	flags.BoolVar(&f.noInitial, "no-initial-build", false, "build nothing until something changes")
	flags.BoolVar(&f.strict, "strict", false, "what the kernel would not run fails the build")
	return cmd
}

func (f watchFlags) check() error {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"quiet-window", f.quiet}, {"settle", f.settle}, {"poll-interval", f.pollInterval}, {"on-reload-timeout", f.hookTimeout}} {
		if d.value <= 0 {
			return usage(fmt.Errorf("--%s must be longer than 0, not %s", d.name, d.value))
		}
	}
	switch {
	case f.maxWait < 0:
		return usage(fmt.Errorf("--max-wait must not be negative"))
	case f.maxWait > 0 && f.maxWait < f.quiet:
		return usage(fmt.Errorf("--max-wait %s is shorter than the quiet window %s", f.maxWait, f.quiet))
	case f.jobs < 0:
		return usage(fmt.Errorf("--jobs must be at least 1"))
	}
	return nil
}

// watch is the program's loop: a watcher and an orchestrator side by side.
func watch(cmd *cobra.Command, args []string, f watchFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	roots, err := absolute(args)
	if err != nil {
		return err
	}
	if err := watchable(roots); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	warnings := make(chan announce.Event, 64) // more than one round of warnings; further ones wait their turn
	voices, err := newVoices(cmd, f, cancel, func(e announce.Event) { send(ctx, warnings, e) })
	if err != nil {
		return err
	}
	defer voices.close()
	if f.jobs == 0 {
		f.jobs = max(1, runtime.GOMAXPROCS(0)/2)
	}
	b := builder.New(builder.Options{Jobs: f.jobs, Strict: f.strict, Say: func(dir string, found finding.Finding) {
		send(ctx, warnings, announce.Event{Type: announce.Warning, Dir: dir, Code: found.Code, Message: found.Message, Hint: found.Hint})
	}})
	batches, plans := make(chan watcher.Batch), make(chan watcher.Plan, 1)
	var running sync.WaitGroup
	running.Go(func() {
		defer cancel()
		err = watcher.Run(ctx, watcher.Config{Plans: plans, Poll: f.poll, PollInterval: f.pollInterval, Warn: func(code, message, hint string) {
			send(ctx, warnings, announce.Event{Type: announce.Warning, Code: code, Message: message, Hint: hint})
		}}, batches)
	})
	cfg := orchestrator.Config{
		Quiet: f.quiet, Settle: f.settle, MaxWait: f.maxWait, Jobs: f.jobs, NoInitialBuild: f.noInitial,
		Roots: roots, Batches: batches, Plans: plans, Warn: warnings, Retry: keys(ctx, cancel),
		Find:    func(ctx context.Context) ([]string, error) { return find(ctx, roots, warnings) },
		Examine: b.Examine, Build: b.Build, Publish: b.Publish,
		Exists:   func(path string) bool { _, err := os.Lstat(path); return err == nil },
		Announce: voices.announce, Output: voices.output,
	}
	runErr := orchestrator.Run(ctx, cfg)
	cancel()
	running.Wait()
	return errors.Join(runErr, err, voices.broken())
}

// watchable refuses a path that is a file, or that cannot even appear: its parent is missing too.
func watchable(roots []string) error {
	for i, root := range roots {
		info, err := os.Stat(root)
		switch {
		case err == nil && info.IsDir():
		case err == nil:
			if fixed, fixErr := existing([]string{root}); fixErr == nil {
				roots[i] = fixed[0]
				continue
			}
			return usageHint(fmt.Errorf("%s is a file", shorten(root)), "give a folder that holds capsules")
		default:
			return usageHint(fmt.Errorf("%s: %w", shorten(root), errNoFolder), "give a folder that holds capsules, or nothing for the current one")
		}
	}
	return nil
}

var errNoFolder = errors.New("no such folder")

// find is the orchestrator's search for capsules. Folders that cannot be read are named and passed over.
func find(ctx context.Context, roots []string, warnings chan<- announce.Event) ([]string, error) {
	dirs, err := tree.FindCapsules(ctx, roots)
	var partial *tree.PartialError
	if !errors.As(err, &partial) {
		return dirs, err
	}
	for _, e := range partial.Errs {
		if !errors.Is(e, os.ErrNotExist) {
			send(ctx, warnings, announce.Event{Type: announce.Warning, Code: "unreadable-folder", Message: e.Error(),
				Hint: "make it readable; capsules in it are not seen"})
		}
	}
	return dirs, nil
}

// send hands an event on unless the program ends first.
func send(ctx context.Context, to chan<- announce.Event, e announce.Event) {
	select {
	case to <- e:
	case <-ctx.Done():
	}
}

// keys reads what a person types: r looks again, q ends. Lines, not single
// keys, so that the terminal needs no other mode and none is left behind.
func keys(ctx context.Context, quit func()) <-chan struct{} {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return nil
	}
	retry := make(chan struct{})
	go func() { // ends with the program: a read of a terminal cannot be cancelled
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			switch lines.Text() {
			case "q", "quit":
				quit()
				return
			case "r", "retry":
				select {
				case retry <- struct{}{}:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	return retry
}

