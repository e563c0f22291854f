package main

import (
	"encoding/json"
	"os"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	judge "github.com/astrid-runtime/astrid-dev/orchestrator/doctor"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

func newDoctor() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor [PATH...]",
		Short: "Say what on this machine keeps capsules from being watched or built",
		Long: `doctor looks at the system's watch limits and what these paths need, at the kind
of file system they lie on, and at the tools of every capsule language. It exits
with 1 when something keeps the capsules below the paths from working.`,
		RunE: func(cmd *cobra.Command, args []string) error { return doctor(cmd, args) },
	}
}

func doctor(cmd *cobra.Command, args []string) error {
	roots, err := paths.Existing(args)
	if err != nil {
		return err
	}
	found := judge.Examine(cmd.Context(), roots, os.Environ())
	if asJSON(cmd) {
		err = json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]any{"findings": found})
	} else {
		console.Findings(cmd.OutOrStdout(), "", found)
	}
	if err != nil {
		return err
	}
	if n := finding.Count(found, finding.Error); n > 0 {
		return &failedError{count: n, what: "check"}
	}
	return nil
}
