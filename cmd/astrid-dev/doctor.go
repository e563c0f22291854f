package main

import (
	"encoding/json"
	"os"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	judge "github.com/astrid-runtime/astrid-dev/orchestrator/doctor"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

func newDoctor() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "doctor [PATH...]",
		Short: "Say what on this machine keeps capsules from being watched or built",
		Long: `doctor looks at the system's watch limits and what these paths need, at the kind
of file system they lie on, at the tools of every capsule language, and at each
capsule below the paths as a build would before it begins: its manifest, its
toolchain, its packages. It exits with 1 when something keeps a capsule from
being built or watched. What is wrong comes first, each with what to do about it; what
is well is one line, and --verbose says all of it.`,
		RunE: func(cmd *cobra.Command, args []string) error { return doctor(cmd, args, all) },
	}
	cmd.Flags().BoolVarP(&all, "verbose", "v", false, "say what is well too, and where each tool lies")
	return cmd
}

func doctor(cmd *cobra.Command, args []string, all bool) error {
	roots, err := paths.Existing(args)
	if err != nil {
		return err
	}
	found := judge.Examine(cmd.Context(), roots, os.Environ())
	if cmd.Context().Err() != nil {
		return errInterrupted
	}
	if asJSON(cmd) {
		err = json.NewEncoder(cmd.OutOrStdout()).Encode(found)
	} else {
		err = found.Text(cmd.OutOrStdout(), all)
	}
	if err != nil {
		return err
	}
	if n := finding.Count(found.Findings, finding.Error); n > 0 {
		return &failedError{count: n, what: "check"}
	}
	return nil
}
