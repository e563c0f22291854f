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
		RunE: func(cmd *cobra.Command, args []string) error { return runSmoke(cmd, args[0], f) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.calls, "call", nil, "call astrid-hook-trigger with this action (may be repeated)")
	flags.StringVar(&f.payload, "payload", "{}", "payload of the calls")
	flags.DurationVar(&f.limits.Wall, "timeout", 0, "of the whole load (0: the manifest's, or 10s)")
	flags.BoolVar(&f.strict, "strict", false, "fail when the kernel would not take it")
	f.on.register(cmd, "the release of the runtime that judges, as in 2026.10.1 (may be repeated)")
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
	modules, m, err := paths.Modules(path)
	if err != nil {
		return err
	}
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
	failed := 0
	for _, file := range modules {
		ok, err := smokeOne(cmd, file, options, releases, f)
		if err != nil {
			return err
		}
		if !ok {
			failed++
		}
	}
	if failed > 0 {
		return &failedError{count: failed, what: "module"}
	}
	return nil
}

func smokeOne(cmd *cobra.Command, file string, o smoke.Options, releases []string, f smokeFlags) (ok bool, err error) {
	report, err := loadFile(cmd.Context(), file, o, releases)
	if err != nil {
		return false, err
	}
	if f.json || asJSON(cmd) {
		err = json.NewEncoder(cmd.OutOrStdout()).Encode(loaded{file, report})
	} else {
		fmt.Fprintln(cmd.OutOrStdout(), paths.Short(file))
		err = report.WriteText(cmd.OutOrStdout())
	}
	return report.Loads && (report.KernelReady || !f.strict), err
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
