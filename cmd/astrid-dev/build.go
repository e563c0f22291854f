package main

import (
	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/orchestrator/session"
)

func newBuild() *cobra.Command {
	var b buildFlags
	var c cacheFlags
	var retry bool
	cmd := &cobra.Command{
		Use:   "build [PATH...]",
		Short: "Build the capsules that are out of date, once",
		Long: `build builds, smoke-loads and publishes every capsule below the paths (the
current folder without any) that is not up to date. It exits with 1 when a
capsule failed, or a folder could not be read. What failed before and has not
changed since is not built again: its verdict is repeated, unless --retry is given.`,
		RunE: func(cmd *cobra.Command, args []string) error { return build(cmd, args, b, c, retry) },
	}
	b.register(cmd)
	c.register(cmd)
	cmd.Flags().BoolVar(&retry, "retry", false, "build also what failed before and has not changed since")
	return cmd
}

func build(cmd *cobra.Command, args []string, b buildFlags, c cacheFlags, retry bool) error {
	if err := b.check(); err != nil {
		return err
	}
	roots, found, err := capsules(cmd, args, b.nested)
	if err != nil {
		return err
	}
	if err := b.fits(roots, found.Dirs); err != nil {
		return err
	}
	o := b.options(cmd, roots)
	o.Retry = retry
	done, err := b.timed(&o)
	if err != nil {
		return err
	}
	defer done()
	if o.Shared, err = resultsOf(cmd, b.togetherFlags, c); err != nil {
		return err
	}
	defer closeCache(o.Shared)
	out, err := session.Build(cmd.Context(), o)
	switch {
	case err != nil:
		return err
	case out.Failed > 0:
		return &failedError{count: out.Failed, closed: len(found.Closed), said: !asJSON(cmd)}
	case !out.Done:
		return errInterrupted
	case len(found.Closed) > 0:
		return &failedError{closed: len(found.Closed)}
	}
	return nil
}

// resultsOf is the cache that the flags name, else that of the user's other checkouts.
func resultsOf(cmd *cobra.Command, f togetherFlags, c cacheFlags) (*shared.Cache, error) {
	limits, err := f.limits()
	if err != nil {
		return nil, err
	}
	named, err := c.open(cmd, limits)
	if named != nil || err != nil {
		return named, err
	}
	return f.results()
}

// buildFirst builds what is out of date: what happens is told on stderr only.
func buildFirst(cmd *cobra.Command, roots []string, b buildFlags) error {
	o := b.options(cmd, roots)
	o.Lines = nil
	out, err := session.Build(cmd.Context(), o)
	switch {
	case err != nil:
		return err
	case out.Failed > 0:
		return &failedError{count: out.Failed}
	case !out.Done:
		return errInterrupted
	}
	return nil
}
