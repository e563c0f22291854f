package main

import (
	"errors"
	"fmt"
	"maps"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/calls"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/trial"
)

// ofTheSandbox are the flags of call that say what the sandbox's world is.
var ofTheSandbox = []string{"trace", "caller", "seed", "clock", "cwd", "write", "file", "state", "allow-net", "record", "allow-process", "approve", "answer", "runtime"}

// declareIsolated declares that the real runtime is called.
func (f *callFlags) declareIsolated(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.isolated, "isolated", false, "call it in the real runtime: a private daemon, of which nothing stays")
	flags.StringVar(&f.astrid, "astrid", "", "the astrid or astrid-daemon of --isolated, or their folder (default: in PATH)")
}

// checkIsolated finds a wrong call.
func (f *callFlags) checkIsolated(cmd *cobra.Command) error {
	if !f.isolated {
		if f.astrid != "" {
			return usage.New(errors.New("--astrid needs --isolated"))
		}
		return nil
	}
	for _, name := range ofTheSandbox {
		if cmd.Flags().Changed(name) {
			return usage.Hint(fmt.Errorf("--%s is of the sandbox's world, and --isolated calls in the runtime's own", name), "leave out one of the two")
		}
	}
	return nil
}

// callIsolated is call in the real runtime, which comes up while the capsule is looked at.
func (f *callFlags) callIsolated(cmd *cobra.Command, dir, tool string, arguments calls.Arguments) (*calls.Answer, error) {
	o, err := f.options()
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	maps.Copy(values, o.EnvFile)
	maps.Copy(values, o.Env)
	t, err := trial.Begin(f.astrid, values)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	c, err := calls.OpenIsolated(cmd.Context(), dir, t, o)
	var no *calls.NotLoaded
	if errors.As(err, &no) {
		fmt.Fprintf(cmd.ErrOrStderr(), "astrid-dev: error: the runtime does not load %s\n", no.Manifest.Package.Name)
		console.Findings(cmd.ErrOrStderr(), no.Manifest.Dir, no.Findings)
		return nil, &failedError{count: 1, said: true}
	}
	if err != nil {
		return nil, err
	}
	return c.Call(cmd.Context(), tool, arguments)
}

// callSandbox is call in the sandbox's world.
func (f *callFlags) callSandbox(cmd *cobra.Command, dir, tool string, arguments calls.Arguments) (*calls.Answer, error) {
	c, err := f.open(cmd, dir)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return c.Call(cmd.Context(), tool, arguments)
}
