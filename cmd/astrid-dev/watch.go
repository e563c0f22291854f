package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/watcher"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
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
			return usage(fmt.Errorf("--%s must be longer than 0, not %s", d.name, d.value))
		}
	}
	if f.maxWait != 0 && f.maxWait < f.quiet {
		return usage(fmt.Errorf("--max-wait %s is shorter than the quiet window %s", f.maxWait, f.quiet))
	}
	return nil
}

// watch runs a watcher and an orchestrator side by side until the context ends.
func watch(cmd *cobra.Command, args []string, f watchFlags, b buildFlags) (ended error) {
	if err := errors.Join(f.check(), b.check()); err != nil {
		return err
	}
	roots, missing, err := watchable(args)
	if err != nil {
		return err
	}
	s, err := newSession(cmd, roots, b, hook{f.onReload, f.hookTimeout}, false)
	if err != nil {
		return err
	}
	defer func() { ended = s.end(ended) }()
	for _, root := range missing {
		s.warn(finding.MissingRoot, shorten(root)+" does not exist yet", "it is watched as soon as somebody makes it")
	}
	batches := make(chan watcher.Batch)
	var watchErr error
	var watching sync.WaitGroup
	watching.Go(func() {
		defer s.cancel() // without a watcher there is nothing to wait for
		watchErr = watcher.Run(s.ctx, watcher.Config{Plans: s.cfg.Plans, Poll: f.poll, PollInterval: f.pollInterval, Warn: s.warn}, batches)
	})
	s.cfg.Batches, s.cfg.Retry, s.cfg.NoInitialBuild = batches, keys(s.ctx, s.cancel), f.noInitial
	s.cfg.Quiet, s.cfg.Settle, s.cfg.MaxWait = f.quiet, f.settle, f.maxWait
	err = s.run(func(e event.Event) {
		switch b := e.Body.(type) {
		case event.Ready:
			if b.Capsules > 0 {
				break
			}
			s.warn(finding.NoCapsules, "no folder below "+joined(roots)+" holds a "+tree.ManifestName+" yet", "astrid-dev new NAME --lang go writes a capsule")
		case event.Idle:
			go debug.FreeOSMemory() // reading sources leaves several times the memory that is kept, and nothing may come for hours
		}
	})
	s.cancel()
	watching.Wait()
	return errors.Join(err, watchErr)
}

// watchable makes the paths to watch absolute, and says which of them are
// missing. One whose parent is missing too is more likely a slip of the pen.
func watchable(args []string) (roots, missing []string, err error) {
	roots, err = absolute(args)
	if err != nil {
		return nil, nil, err
	}
	for i, root := range roots {
		if _, err := os.Stat(root); errors.Is(err, os.ErrNotExist) {
			if _, err := os.Stat(filepath.Dir(root)); err != nil {
				return nil, nil, usageHint(fmt.Errorf("%s: no such folder, and none to make it in", shorten(root)), "give a folder that holds capsules")
			}
			missing = append(missing, root)
			continue
		}
		found, err := existing([]string{root})
		if err != nil {
			return nil, nil, err
		}
		roots[i] = found[0]
	}
	return roots, missing, nil
}

// run is the loop until the context ends; see is shown every event after it was announced.
func (s *session) run(see func(event.Event)) error {
	announceAll := s.cfg.Announce
	s.cfg.Announce = func(e event.Event) {
		announceAll(e)
		see(e)
	}
	return orchestrator.Run(s.ctx, s.cfg)
}

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
