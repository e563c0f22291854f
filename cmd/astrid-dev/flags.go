package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/orchestrator/session"
)

// This file holds the flags that several commands have.

func checkFormat(cmd *cobra.Command) error {
	switch f := format(cmd); {
	case f == "text" || f == "json" || f == "short" && takesShort(cmd):
		return nil
	case f == "short":
		return usage.New(fmt.Errorf("%s has no format short: only watch, build and check have; use text or json", cmd.Name()))
	case takesShort(cmd):
		return usage.New(fmt.Errorf("unknown format %q: use text, json or short", f))
	default:
		return usage.New(fmt.Errorf("unknown format %q: use text or json", f))
	}
}

// takesShort reports whether cmd has the format for problem matchers.
func takesShort(cmd *cobra.Command) bool {
	return slices.Contains([]string{"watch", "build", "check"}, cmd.Name())
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
	jobs    int
	strict  bool
	nested  bool
	only    []string
	output  bool
	timings string
	on      runtimeFlags
	togetherFlags
}

func (b *buildFlags) register(cmd *cobra.Command) {
	cmd.Flags().IntVar(&b.jobs, "jobs", max(1, runtime.GOMAXPROCS(0)/2), "builds in parallel; each gets its share of the processors, and one that takes 30 s lends its place")
	cmd.Flags().BoolVar(&b.strict, "strict", false, "what the kernel would not run fails the build")
	cmd.Flags().StringArrayVar(&b.only, "only", nil, "only the capsules whose name, folder or path fits this pattern, as in 'auth*', and those whose modules they take (may be repeated)")
	cmd.Flags().StringVar(&b.timings, "timings", "", "write how long each build took to this file, in Chrome's trace format")
	cmd.Flags().BoolVarP(&b.output, "verbose", "v", false, "show the output of builds at a terminal too")
	includeNested(cmd.Flags(), &b.nested)
	b.togetherFlags.register(cmd.Flags())
	b.on.register(cmd, "the release of the runtime that must take each capsule, as in 2026.10.1 (may be repeated)")
}

func (b *buildFlags) check() error {
	if b.jobs < 1 {
		return usage.New(fmt.Errorf("--jobs must be at least 1, not %d", b.jobs))
	}
	for _, pattern := range b.only {
		if !paths.Pattern(pattern) {
			return usage.New(fmt.Errorf("--only %q is no pattern: * stands for a part of a name, ** for any folders", pattern))
		}
	}
	_, err := b.on.releases()
	return err
}

// fits is an error when none of the capsules in dirs is one that --only names.
func (b *buildFlags) fits(roots, dirs []string) error {
	if slices.ContainsFunc(dirs, func(dir string) bool { return paths.Fits(b.only, roots, dir) }) {
		return nil
	}
	var names []string
	for _, dir := range dirs {
		names = append(names, filepath.Base(dir))
	}
	return usage.Hint(fmt.Errorf("no capsule fits --only %s", strings.Join(b.only, " or ")), "there are "+strings.Join(names, ", "))
}

// options are those of a session that these flags ask for.
func (b *buildFlags) options(cmd *cobra.Command, roots []string) session.Options {
	o := session.Options{Roots: roots, Nested: b.nested, Jobs: b.jobs, Strict: b.strict,
		Runtime: b.on.versions(), Installed: b.on.installed(), Person: cmd.ErrOrStderr(), Console: consoleOptions(cmd)}
	o.Only, o.Console.Verbose = b.only, b.output
	o.Slots = b.places(b.jobs)
	switch format(cmd) {
	case "json":
		o.Lines = cmd.OutOrStdout()
	case "short":
		o.Person = cmd.OutOrStdout()
	}
	return o
}

// timed has o write timings, where that was asked for. The caller calls done at the end.
func (b *buildFlags) timed(o *session.Options) (done func(), err error) {
	if b.timings == "" {
		return func() {}, nil
	}
	file, err := os.Create(b.timings)
	if err != nil {
		return nil, usage.Hint(fmt.Errorf("--timings: %w", err), "give a file in a folder that exists")
	}
	o.Timings = file
	return func() { file.Close() }, nil
}
