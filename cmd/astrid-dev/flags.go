package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/session"
)

// This file holds the flags that several commands have.

func checkFormat(cmd *cobra.Command) error {
	switch f := format(cmd); f {
	case "text", "json":
		return nil
	default:
		return usage.New(fmt.Errorf("unknown format %q: use text or json", f))
	}
}

func format(cmd *cobra.Command) string { return cmd.Flag("format").Value.String() }

func asJSON(cmd *cobra.Command) bool { return format(cmd) == "json" }

// includeNested registers the flag of every command that looks for capsules.
func includeNested(flags *pflag.FlagSet, nested *bool) {
	flags.BoolVar(nested, "include-nested", false, "also look into work trees, submodules and repositories inside the paths' own")
}

// runtimeFlags is --runtime: the releases of Astrid's runtime that must take a capsule.
type runtimeFlags []string

func (f *runtimeFlags) register(cmd *cobra.Command, use string) {
	cmd.Flags().StringArrayVar((*[]string)(f), "runtime", nil, use)
}

// releases are those that were asked for. One that is not known is a wrong call.
func (f runtimeFlags) releases() (list []*astrid.Release, err error) {
	if list, err = astrid.FindAll(f); err != nil {
		return nil, usage.New(err)
	}
	return list, nil
}

// versions are the same as text, once releases had no complaint.
func (f runtimeFlags) versions() []string {
	list, _ := f.releases()
	return astrid.Versions(list)
}

// installed is the release of the astrid in PATH, which judges when none was asked for.
func (f runtimeFlags) installed() string {
	if len(f) > 0 {
		return ""
	}
	return astrid.Installed()
}

// buildFlags are the flags of every command that builds.
type buildFlags struct {
	jobs   int
	strict bool
	nested bool
	on     runtimeFlags
}

func (b *buildFlags) register(cmd *cobra.Command) {
	cmd.Flags().IntVar(&b.jobs, "jobs", max(1, runtime.GOMAXPROCS(0)/2), "builds in parallel; each gets its share of the processors, and one that takes 30 s lends its place")
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

// options are those of a session that these flags ask for.
func (b *buildFlags) options(cmd *cobra.Command, roots []string) session.Options {
	o := session.Options{Roots: roots, Nested: b.nested, Jobs: b.jobs, Strict: b.strict,
		Runtime: b.on.versions(), Installed: b.on.installed(), Person: cmd.ErrOrStderr(), Console: consoleOptions(cmd)}
	if asJSON(cmd) {
		o.Lines = cmd.OutOrStdout()
	}
	return o
}
