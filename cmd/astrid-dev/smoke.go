package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/load"
)

// smokeFlags are the flags of smoke.
type smokeFlags struct {
	calls        []string
	payload      string
	timeout      time.Duration
	strict, json bool
	on           runtimeFlags
}

func newSmoke() *cobra.Command {
	var f smokeFlags
	cmd := &cobra.Command{
		Use:   "smoke FILE|DIR",
		Short: "Load a module in the sandbox and describe it",
		Long: `smoke loads a WebAssembly module or component in the sandbox that builds use and
says what it is: imports, exports, memory, who made it, whether it loads, and
whether the kernel would take it. For a capsule's folder it loads the published
modules and holds them against the manifest. It exits with 1 when a module does
not load, or is not ready for the kernel and --strict is given.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage.Hint(fmt.Errorf("smoke takes one file or capsule folder, not %d", len(args)), "astrid-dev smoke path/to/module.wasm")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.calls, "call", nil, "call astrid-hook-trigger with this action (may be repeated)")
	flags.StringVar(&f.payload, "payload", "{}", "payload of the calls")
	flags.DurationVar(&f.timeout, "timeout", 0, "of the whole load (0: the manifest's, or 10s)")
	flags.BoolVar(&f.strict, "strict", false, "fail when the kernel would not take it")
	f.on.register(cmd, "the release of the runtime that judges, as in 2026.10.1 (may be repeated)")
	flags.BoolVar(&f.json, "json", false, "the same as --format json")
	return cmd
}

func (f smokeFlags) run(cmd *cobra.Command, path string) error {
	if f.timeout < 0 {
		return usage.New(fmt.Errorf("--timeout must not be negative, and is %s", f.timeout))
	}
	if _, err := f.on.releases(); err != nil {
		return err
	}
	o := load.Options{Calls: f.calls, Payload: []byte(f.payload), Wall: f.timeout, Runtime: f.on.versions(), Installed: f.on.installed()}
	failed := 0
	err := load.All(cmd.Context(), path, o, func(m load.Module) error {
		if !m.Sound(f.strict) {
			failed++
		}
		if f.json || asJSON(cmd) {
			return m.JSON(cmd.OutOrStdout())
		}
		return m.Text(cmd.OutOrStdout())
	})
	switch {
	case err != nil && errors.Is(err, cmd.Context().Err()):
		return errInterrupted
	case err != nil:
		return err
	case failed > 0:
		return &failedError{count: failed, what: "module"}
	}
	return nil
}
