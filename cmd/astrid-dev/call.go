package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

func newCall() *cobra.Command {
	var f callFlags
	cmd := &cobra.Command{
		Use:   "call DIR TOOL [NAME=VALUE]...",
		Short: "Call a tool of a built capsule in the sandbox",
		Long: `call loads the published module of the capsule in DIR in the sandbox, in a world
of its own with the runtime's rules, calls one tool, and prints its result; log
lines, what it published and what it was refused go to stderr. Values are read as
the tool's input schema says: text, numbers, true and false, or JSON. It builds
nothing, and what the tool does touches nothing of this machine that no flag names.
With --isolated Astrid's own runtime carries out the call, in a private daemon.
It exits with 1 when the tool says that it failed, and with 2 for a wrong call.`,
		Example: `  astrid-dev call examples/hello-sdk greet name=Ada
  astrid-dev call . search --args '{"query": "wasm", "limit": 3}'
  astrid-dev call . search --args @arguments.json --trace
  astrid-dev call examples/hello-sdk greet name=Ada --isolated`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return usage.Hint(errors.New("call takes a capsule folder and a tool"), "astrid-dev tools DIR lists the tools of a capsule")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.call(cmd, args[0], args[1], args[2:]) },
	}
	f.declareWorld(cmd)
	f.declareCall(cmd)
	f.declareIsolated(cmd)
	return cmd
}

func (f *callFlags) call(cmd *cobra.Command, dir, tool string, words []string) error {
	if err := f.checkIsolated(cmd); err != nil {
		return err
	}
	arguments, err := f.arguments(cmd, words)
	if err != nil {
		return err
	}
	call := f.callSandbox
	if f.isolated {
		call = f.callIsolated
	}
	answer, err := call(cmd, dir, tool, arguments)
	if err != nil {
		return f.failed(cmd, err)
	}
	if f.json || asJSON(cmd) {
		err = answer.JSON(cmd.OutOrStdout())
	} else {
		err = answer.Text(cmd.OutOrStdout(), cmd.ErrOrStderr(), toTerminal())
	}
	switch {
	case err != nil:
		return err
	case answer.Explain() != "" && !f.json && !asJSON(cmd):
		kind := ""
		if answer.Fault != "" {
			kind = "error: "
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "astrid-dev: %s%s\n", kind, answer.Explain())
	}
	if answer.Failed() {
		return &failedError{count: 1, said: true}
	}
	return nil
}

// toTerminal reports whether a person reads stdout.
func toTerminal() bool { return term.IsTerminal(1) }
