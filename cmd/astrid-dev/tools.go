package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/calls"
)

func newTools() *cobra.Command {
	var f callFlags
	cmd := &cobra.Command{
		Use:   "tools [DIR]",
		Short: "List the tools that a built capsule describes",
		Long: `tools loads the published module of the capsule in DIR (default: the current
folder) in the sandbox, asks it for its tools, and prints their names, parameters
and descriptions. A question mark marks what may be left out. --json prints the
schemas. It builds nothing.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage.Hint(fmt.Errorf("tools takes one capsule folder, not %d", len(args)), seeHelp(cmd))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return f.tools(cmd, dir)
		},
	}
	f.declareWorld(cmd)
	return cmd
}

func (f *callFlags) tools(cmd *cobra.Command, dir string) error {
	c, err := f.open(cmd, dir)
	if err != nil {
		return f.failed(cmd, err)
	}
	defer c.Close()
	list, err := c.Tools(cmd.Context())
	if err != nil {
		return f.failed(cmd, err)
	}
	if f.json || asJSON(cmd) {
		return calls.TableJSON(cmd.OutOrStdout(), list)
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(cmd.ErrOrStderr(), "astrid-dev: the capsule describes no tools")
		return err
	}
	return calls.TableText(cmd.OutOrStdout(), list)
}

// failed is err as the program ends with it: what the guest did wrong is printed, and is a failure.
func (f *callFlags) failed(cmd *cobra.Command, err error) error {
	if errors.Is(err, cmd.Context().Err()) && cmd.Context().Err() != nil {
		return errInterrupted
	}
	if calls.IsGuestFault(err) {
		fmt.Fprintln(cmd.ErrOrStderr(), "astrid-dev: error: "+err.Error())
		return &failedError{count: 1, said: true}
	}
	return err
}
