package main

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/orchestrator/session"
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
		return usage.New(fmt.Errorf("--jobs must be at least 1, not %d", b.jobs))
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

// options are those of a session that these flags ask for.
func (b *buildFlags) options(cmd *cobra.Command, roots []string) session.Options {
	o := session.Options{Roots: roots, Nested: b.nested, Jobs: b.jobs, Strict: b.strict, Retry: b.retry,
		Runtime: b.on.versions(), Installed: b.on.installed(), Person: cmd.ErrOrStderr(), Console: consoleOptions(cmd)}
	if asJSON(cmd) {
		o.Lines = cmd.OutOrStdout()
	}
	return o
}

func build(cmd *cobra.Command, args []string, b buildFlags) error {
	if err := b.check(); err != nil {
		return err
	}
	roots, err := paths.Existing(args)
	if err != nil {
		return err
	}
	found, err := capsules(cmd, roots, b.nested)
	if err != nil {
		return err
	}
	out, err := session.Build(cmd.Context(), b.options(cmd, roots))
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

var errInterrupted = errors.New("interrupted")

// includeNested registers the flag of every command that looks for capsules.
func includeNested(flags *pflag.FlagSet, nested *bool) {
	flags.BoolVar(nested, "include-nested", false, "also look into work trees, submodules and repositories inside the paths' own")
}

// capsules finds the capsules below roots. What looks like one and is none is named on stderr.
func capsules(cmd *cobra.Command, roots []string, nested bool) (paths.Found, error) {
	found, err := paths.Find(cmd.Context(), roots, nested)
	if err != nil {
		return found, err
	}
	for _, link := range found.Linked {
		fmt.Fprintf(cmd.ErrOrStderr(), "astrid-dev: %s\n  help: %s\n", paths.LinkedMessage(link), paths.LinkedHint)
	}
	return found, nil
}
