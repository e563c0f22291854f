package main

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/proof"
)

func newTest() *cobra.Command {
	var run string
	var o proof.Options
	var on runtimeFlags
	cmd := &cobra.Command{
		Use:   "test [DIR]",
		Short: "Run the tests of a built capsule in the sandbox",
		Long: `test runs the tests that the files tests/*.toml of the capsule in DIR (default: the
current folder) tell, on the published module, each in a world of its own: a call
of a tool, and what it is expected to answer, publish, write and log. It builds
nothing. --update writes what came into the files, where that was not expected; a
test without expect gets a whole one. It exits with 1 when a test fails.`,
		Example: `  astrid-dev test
  astrid-dev test examples/hello-sdk --run greet
  astrid-dev test --update`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage.Hint(fmt.Errorf("test takes one capsule folder, not %d", len(args)), seeHelp(cmd))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.Only, err = only(run); err != nil {
				return err
			}
			if _, err := on.releases(); err != nil {
				return err
			}
			o.Runtime = on.versions()
			return runTests(cmd, append(args, ".")[0], o)
		},
	}
	cmd.Flags().StringVar(&run, "run", "", "only tests whose names match this regular expression")
	cmd.Flags().BoolVar(&o.Update, "update", false, "write what came into the files of tests")
	on.register(cmd, "the release of the runtime whose host it is, as in 2026.10.1")
	return cmd
}

// only is the expression that names of tests must match; nil: all do.
func only(run string) (*regexp.Regexp, error) {
	if run == "" {
		return nil, nil
	}
	re, err := regexp.Compile(run)
	if err != nil {
		return nil, usage.New(fmt.Errorf("--run %q is no regular expression: %w", run, err))
	}
	return re, nil
}

func runTests(cmd *cobra.Command, dir string, o proof.Options) error {
	p, err := proof.Run(cmd.Context(), dir, o)
	if err != nil && errors.Is(err, cmd.Context().Err()) {
		return errInterrupted
	}
	if p != nil {
		write := p.Text
		if asJSON(cmd) {
			write = p.JSON
		}
		if unwritten := write(cmd.OutOrStdout()); unwritten != nil {
			return unwritten
		}
	}
	switch {
	case err != nil:
		return err
	case p.Failed():
		return &failedError{count: 1, said: true}
	}
	return nil
}
