package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/calls"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// callFlags are the flags of call and tools.
type callFlags struct {
	args, caller, clock string
	env                 []string
	seed                uint64
	timeout             time.Duration
	trace, json         bool
	on                  runtimeFlags
}

// declareWorld declares what both take.
func (f *callFlags) declareWorld(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.env, "env", nil, "NAME=VALUE for the manifest's [env] (may be repeated; --var is the same)")
	flags.StringArrayVar(&f.env, "var", nil, "the same as --env")
	flags.DurationVar(&f.timeout, "timeout", 0, "of one call (0: the manifest's for smoke, or 30s)")
	f.on.register(cmd, "the release of the runtime whose host it is, as in 2026.10.1")
	flags.BoolVar(&f.json, "json", false, "the same as --format json")
}

// declareCall declares what only call takes.
func (f *callFlags) declareCall(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.args, "args", "", "the arguments as a JSON object: itself, @FILE, or - for stdin")
	flags.BoolVar(&f.trace, "trace", false, "print each call of the host with its arguments, answer and time")
	flags.StringVar(&f.caller, "caller", "", "the principal in whose name the tool is called (default: default)")
	flags.Uint64Var(&f.seed, "seed", 0, "of random bytes: the same seed gives the same bytes")
	flags.StringVar(&f.clock, "clock", "", "where the clock begins, as in 2026-01-01T00:00:00Z (the default)")
}

func (f *callFlags) open(cmd *cobra.Command, dir string) (*calls.Capsule, error) {
	o := calls.Options{Trace: f.trace, Wall: f.timeout, Caller: f.caller, Seed: f.seed, Runtime: f.on.versions(), Env: map[string]string{}}
	if f.timeout < 0 {
		return nil, usage.New(fmt.Errorf("--timeout must not be negative, and is %s", f.timeout))
	}
	if _, err := f.on.releases(); err != nil {
		return nil, err
	}
	for _, v := range f.env {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return nil, usage.New(fmt.Errorf("--env %q is not NAME=VALUE", v))
		}
		o.Env[name] = value
	}
	if f.clock != "" {
		var err error
		if o.Clock, err = time.Parse(time.RFC3339, f.clock); err != nil {
			return nil, usage.Hint(fmt.Errorf("--clock %q is no time", f.clock), "write it as in 2026-01-01T00:00:00Z")
		}
	}
	return calls.Open(cmd.Context(), dir, o)
}

// arguments are those of the command line, of a file, or of stdin.
func (f *callFlags) arguments(cmd *cobra.Command, words []string) (calls.Arguments, error) {
	if !cmd.Flags().Changed("args") {
		return calls.Arguments{Words: words}, nil
	}
	if len(words) > 0 {
		return calls.Arguments{}, usage.New(errors.New("arguments are given either as NAME=VALUE or with --args"))
	}
	b := []byte(f.args)
	var err error
	if file, ok := strings.CutPrefix(f.args, "@"); ok {
		if b, err = os.ReadFile(file); err != nil {
			return calls.Arguments{}, usage.New(fmt.Errorf("reading the arguments from %s: %w", paths.Short(file), err))
		}
	} else if f.args == "-" {
		if b, err = io.ReadAll(cmd.InOrStdin()); err != nil {
			return calls.Arguments{}, usage.New(fmt.Errorf("reading the arguments from stdin: %w", err))
		}
	}
	return calls.Arguments{JSON: b}, nil
}
