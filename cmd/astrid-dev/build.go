package main

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/watcher"
)

// buildFlags are the flags of every command that builds.
type buildFlags struct {
	jobs   int
	strict bool
	nested bool
	retry  bool // build's alone
	on     runtimeFlags
}

func (b *buildFlags) register(cmd *cobra.Command) {
	cmd.Flags().IntVar(&b.jobs, "jobs", max(1, runtime.GOMAXPROCS(0)/2), "builds in parallel; each gets its share of the processors")
	cmd.Flags().BoolVar(&b.strict, "strict", false, "what the kernel would not run fails the build")
	includeNested(cmd.Flags(), &b.nested)
	b.on.register(cmd, "the release of the runtime that must take each capsule, as in 2026.10.1 (may be repeated)")
}

func (b *buildFlags) check() error {
	if b.jobs < 1 {
		return usage(fmt.Errorf("--jobs must be at least 1, not %d", b.jobs))
	}
	_, err := b.on.releases()
	return err
}

func newBuild() *cobra.Command {
	var b buildFlags
	cmd := &cobra.Command{
		Use:   "build [PATH...]",
		Short: "Build the capsules that are out of date, once",
		Long: `build builds, smoke-loads and publishes every capsule below the paths (the
current folder without any) that is not up to date. It exits with 1 when a
capsule failed, or a folder could not be read. What failed before and has not
changed since is not built again: its verdict is repeated, unless --retry is given.`,
		RunE: func(cmd *cobra.Command, args []string) error { return build(cmd, args, b) },
	}
	b.register(cmd)
	cmd.Flags().BoolVar(&b.retry, "retry", false, "build also what failed before and has not changed since")
	return cmd
}

// build is watch with a watcher that sees nothing, until nothing is pending.
func build(cmd *cobra.Command, args []string, b buildFlags) (ended error) {
	if err := b.check(); err != nil {
		return err
	}
	roots, err := existing(args)
	if err != nil {
		return err
	}
	found, err := capsules(cmd, roots, b.nested)
	if err != nil {
		return err
	}
	s, err := newSession(cmd, roots, b, hook{}, true)
	if err != nil {
		return err
	}
	defer func() { ended = s.end(ended) }()
	batches := make(chan watcher.Batch, 1)
	batches <- watcher.Batch{Lost: true} // look at everything, once
	s.cfg.Batches, s.cfg.Blind = batches, true
	failed, done := 0, false
	err = s.run(func(e event.Event) {
		if idle, ok := e.Body.(event.Idle); ok {
			failed, done = idle.Failed, true
			s.cancel()
		}
	})
	switch {
	case err != nil:
		return err
	case failed > 0:
		return &failedError{count: failed, closed: len(found.closed), said: !asJSON(cmd)}
	case !done:
		return errInterrupted
	case len(found.closed) > 0:
		return &failedError{closed: len(found.closed)}
	}
	return nil
}

var errInterrupted = errors.New("interrupted")
