package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/load"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

func newSmoke() *cobra.Command {
	var f smokeFlags
	cmd := &cobra.Command{
		Use:   "smoke FILE|DIR",
		Short: "Load a module in the sandbox and describe it",
		Long: `smoke loads a WebAssembly module or component in the sandbox that builds use and
says what it is: imports, exports, memory, who made it, whether it loads, and
whether the kernel would take it. For a capsule's folder it loads the published
modules and holds them, and the tools that the first one describes, against the
manifest. It exits with 1 when a module does not load, and with --strict when one
is not ready for the kernel or a tool of it cannot be called as it should.

With --isolated the capsule is installed in the real runtime as well, in a daemon
with a home of its own that ends with this command; its answer and the tools that
the capsule describes are printed, and one that is not loaded fails.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage.Hint(fmt.Errorf("smoke takes one file or capsule folder, not %d", len(args)), "astrid-dev smoke path/to/module.wasm")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args[0]) },
	}
	f.declare(cmd)
	return cmd
}

func (f smokeFlags) run(cmd *cobra.Command, path string) error {
	if err := f.check(); err != nil {
		return err
	}
	files, m, err := paths.Modules(path)
	if err != nil {
		return err
	}
	if err := f.isolated.checkPath(path, m); err != nil {
		return err
	}
	private, err := f.isolated.begin()
	if err != nil {
		return err
	}
	defer private.Close()
	o := load.Options{Calls: f.calls, Payload: []byte(f.payload), Wall: f.timeout, Runtime: f.on.versions(), Installed: f.on.installed(), Describe: true}
	failed, ready := 0, true
	err = load.All(cmd.Context(), files, m, o, func(m load.Module) error {
		if !m.Sound(f.strict) || f.strict && !m.Wired() {
			failed++
		}
		ready = ready && m.Sound(true)
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
	}
	if private != nil {
		loaded, err := f.isolated.try(cmd, private, m, ready, f.json || asJSON(cmd))
		if err != nil {
			return err
		}
		if !loaded {
			failed = max(failed, 1)
		}
	}
	if failed > 0 {
		return &failedError{count: failed, what: "module"}
	}
	return nil
}
