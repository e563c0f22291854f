package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// smokeFlags are the flags of smoke.
type smokeFlags struct {
	calls   []string
	payload string
	limits  smoke.Limits
	strict  bool
	json    bool
	on      runtimeFlags

	isolated isolatedFlags
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
not load, or is not ready for the kernel and --strict is given.

With --isolated the capsule is installed in the real runtime as well, in a daemon
with a home of its own that ends with this command; its answer and the tools that
the capsule describes are printed, and one that is not loaded fails.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage.Hint(fmt.Errorf("smoke takes one file or capsule folder, not %d", len(args)), "astrid-dev smoke path/to/module.wasm")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runSmoke(cmd, args[0], f) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.calls, "call", nil, "call astrid-hook-trigger with this action (may be repeated)")
	flags.StringVar(&f.payload, "payload", "{}", "payload of the calls")
	flags.DurationVar(&f.limits.Wall, "timeout", 0, "of the whole load (0: the manifest's, or 10s)")
	flags.BoolVar(&f.strict, "strict", false, "fail when the kernel would not take it")
	f.on.register(cmd, "the release of the runtime that judges, as in 2026.10.1 (may be repeated)")
	f.isolated.register(cmd)
	flags.BoolVar(&f.json, "json", false, "the same as --format json")
	return cmd
}

// loaded is one module and what was found, as --format json prints it.
type loaded struct {
	File   string        `json:"file"`
	Report *smoke.Report `json:"report"`
}

func runSmoke(cmd *cobra.Command, path string, f smokeFlags) error {
	if f.limits.Wall < 0 {
		return usage.New(fmt.Errorf("--timeout must not be negative, and is %s", f.limits.Wall))
	}
	if _, err := f.on.releases(); err != nil {
		return err
	}
	if err := f.isolated.check(); err != nil {
		return err
	}
	modules, m, err := paths.Modules(path)
	if err != nil {
		return err
	}
	if f.isolated.on && m == nil {
		return needsCapsule(path)
	}
	private, err := f.isolated.begin()
	if err != nil {
		return err
	}
	defer private.Close()
	var options smoke.Options
	if m != nil {
		options = builder.SmokeOptions(m)
	}
	if f.limits.Wall > 0 {
		options.Limits.Wall = f.limits.Wall
	}
	for _, action := range f.calls {
		options.Calls = append(options.Calls, smoke.Call{Action: action, Payload: []byte(f.payload)})
	}
	releases := builder.Options{Runtime: f.on.versions(), Installed: f.on.installed()}.Releases(m)
	failed, ready := 0, true
	for _, file := range modules {
		report, err := smokeOne(cmd, file, options, releases, f)
		if err != nil {
			return err
		}
		if !report.Loads || f.strict && !report.KernelReady {
			failed++
		}
		ready = ready && report.KernelReady
	}
	if private != nil {
		answer, err := f.isolated.try(cmd.Context(), private, m, "")
		if err != nil {
			return err
		}
		compared(answer, ready)
		if err := tellAnswer(cmd, m, answer); err != nil {
			return err
		}
		if !answer.Loaded {
			failed = max(failed, 1)
		}
	}
	if failed > 0 {
		return &failedError{count: failed, what: "module"}
	}
	return nil
}

func smokeOne(cmd *cobra.Command, file string, o smoke.Options, releases []string, f smokeFlags) (report *smoke.Report, err error) {
	if report, err = loadFile(cmd.Context(), file, o, releases); err != nil {
		return nil, err
	}
	if f.json || asJSON(cmd) {
		err = json.NewEncoder(cmd.OutOrStdout()).Encode(loaded{file, report})
	} else {
		fmt.Fprintln(cmd.OutOrStdout(), paths.Short(file))
		err = report.WriteText(cmd.OutOrStdout())
	}
	return report, err
}

func loadFile(ctx context.Context, file string, o smoke.Options, releases []string) (*smoke.Report, error) {
	report, err := smoke.OnAll(o, releases, func(o smoke.Options) (*smoke.Report, error) { return smoke.LoadFile(ctx, file, o) })
	if ctx.Err() != nil {
		return nil, errInterrupted
	}
	if err != nil {
		return nil, usage.New(fmt.Errorf("loading %s: %w", paths.Short(file), err))
	}
	return report, nil
}
