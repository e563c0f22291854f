package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

func newEvents() *cobra.Command {
	var from uint64
	cmd := &cobra.Command{
		Use:   "events [PATH...]",
		Short: "Print the events of a running watch as they come",
		Long: `events prints the events of the watch that has the paths (the current folder without any), one
line of JSON each, as watch --format json does: first those that are kept, or a snapshot where
they are no longer, then those that come, until the watch ends or Ctrl-C. --from goes on after
an event that was read before. docs/events.md describes them.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			w, _, err := watchOf(args)
			if err != nil {
				return err
			}
			if err := w.Events(cmd.Context(), from, cmd.OutOrStdout()); err != nil {
				return usage.New(err)
			}
			return nil
		},
	}
	cmd.Flags().Uint64Var(&from, "from", 0, "only events after the one with this seq")
	return cmd
}

func newRebuild() *cobra.Command {
	return &cobra.Command{
		Use:   "rebuild [PATH...]",
		Short: "Have a running watch look at everything again and retry what failed, as r does",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, list, err := watchOf(args)
			if err != nil {
				return err
			}
			if err := w.Rebuild(cmd.Context(), list); err != nil {
				return usage.New(err)
			}
			return nil
		},
	}
}

func newStop() *cobra.Command {
	return &cobra.Command{
		Use:   "stop [PATH...]",
		Short: "End a running watch, as q does",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, _, err := watchOf(args)
			if err != nil {
				return err
			}
			if err := w.Stop(cmd.Context()); err != nil {
				return usage.New(err)
			}
			if !asJSON(cmd) {
				fmt.Fprintf(cmd.OutOrStdout(), "the watch of process %d ends\n", w.PID)
			}
			return nil
		},
	}
}
