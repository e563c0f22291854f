package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

func newHold() *cobra.Command {
	var lease time.Duration
	cmd := &cobra.Command{
		Use:   "hold [PATH...] [-- COMMAND...]",
		Short: "Have a running watch leave capsules alone while many files are edited",
		Long: `hold has the running watch leave the capsules at, around and below the paths (the current
folder without any) alone: what lies between it and release is neither built nor
announced, and the last good modules stand. It ends with astrid-dev release, or by itself when
the lease has passed. With a command it lasts as long as that runs, and no longer than this
process lives; the exit code is the command's.`,
		RunE: func(cmd *cobra.Command, args []string) error { return hold(cmd, args, lease) },
	}
	cmd.Flags().DurationVar(&lease, "lease", time.Minute, "it ends by itself after this long")
	return cmd
}

func hold(cmd *cobra.Command, args []string, lease time.Duration) error {
	if lease <= 0 {
		return usage.New(fmt.Errorf("--lease must be longer than 0, not %s", lease))
	}
	var command []string
	if at := cmd.ArgsLenAtDash(); at >= 0 {
		args, command = args[:at], args[at:]
	}
	w, list, err := watchOf(args)
	if err != nil {
		return err
	}
	if len(command) > 0 {
		release, err := w.HoldWhile(cmd.Context(), list, lease)
		if err != nil {
			return usage.New(err)
		}
		defer release()
		return runHeld(cmd, command)
	}
	id, err := w.Hold(cmd.Context(), list, lease)
	if err != nil {
		return usage.New(err)
	}
	if asJSON(cmd) {
		return writeJSON(cmd, map[string]string{"hold": id})
	}
	fmt.Fprintf(cmd.OutOrStdout(), "on hold for %s: astrid-dev release ends it\n", lease)
	return nil
}

// runHeld runs the command of hold.
func runHeld(cmd *cobra.Command, command []string) error {
	c := exec.CommandContext(cmd.Context(), command[0], command[1:]...)
	c.Stdin, c.Stdout, c.Stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = 2 * time.Second
	err := c.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() >= 0 {
		return &exitError{code: ended.ExitCode()}
	}
	if err != nil {
		return usage.New(err)
	}
	return nil
}

func newRelease() *cobra.Command {
	return &cobra.Command{
		Use:   "release [PATH...]",
		Short: "End what hold began: what was edited is built as one edit",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, list, err := watchOf(args)
			if err != nil {
				return err
			}
			n, err := w.Release(cmd.Context(), "", list)
			switch {
			case err != nil:
				return usage.New(err)
			case asJSON(cmd):
				return writeJSON(cmd, map[string]int{"ended": n})
			case n == 0:
				fmt.Fprintln(cmd.OutOrStdout(), "nothing was on hold")
			default:
				fmt.Fprintln(cmd.OutOrStdout(), text.Count(n, "hold")+" ended")
			}
			return nil
		},
	}
}
