package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/orchestrator/trial"
)

// isolatedFlags are --isolated and what belongs to it: capsules are tried in the real runtime,
// in a daemon of this call's own.
type isolatedFlags struct {
	on     bool
	astrid string
	vars   []string
}

func (f *isolatedFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.on, "isolated", false, "install it in the real runtime too: a private daemon, of which nothing stays")
	flags.StringVar(&f.astrid, "astrid", "", "the astrid or astrid-daemon of --isolated, or their folder (default: in PATH)")
	flags.StringArrayVar(&f.vars, "var", nil, "NAME=VALUE for the manifest's [env], with --isolated (may be repeated)")
}

// check finds a wrong call.
func (f *isolatedFlags) check() error {
	if !f.on && (f.astrid != "" || len(f.vars) > 0) {
		return usage.New(errors.New("--astrid and --var need --isolated"))
	}
	_, err := trial.Values(f.vars)
	return err
}

// checkPath finds a path that names a module, where m is nil: the runtime installs capsules.
func (f *isolatedFlags) checkPath(path string, m *capsule.Manifest) error {
	if !f.on || m != nil {
		return nil
	}
	return usage.Hint(fmt.Errorf("%s is a module, and --isolated installs a capsule", paths.Short(path)), "give the capsule's folder")
}

// begin starts the private runtime that was asked for; nil when none was.
func (f *isolatedFlags) begin() (*trial.Trial, error) {
	if !f.on {
		return nil, nil
	}
	values, err := trial.Values(f.vars)
	if err != nil {
		return nil, err
	}
	return trial.Begin(f.astrid, values)
}

// try installs the capsule of m, tells the answer, and whether it is loaded. ready is what
// the sandbox said of it.
func (f *isolatedFlags) try(cmd *cobra.Command, t *trial.Trial, m *capsule.Manifest, ready, json bool) (loaded bool, err error) {
	answer, err := t.Try(cmd.Context(), m, "")
	if cmd.Context().Err() != nil {
		return false, errInterrupted
	}
	if err != nil {
		return false, err
	}
	trial.Compare(answer, ready)
	if json {
		return answer.Loaded, trial.JSON(cmd.OutOrStdout(), m, answer)
	}
	return answer.Loaded, trial.Text(cmd.OutOrStdout(), m, answer)
}
