package main

import (
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
)

// listCodes prints every code, without a capsule.
func (f checkFlags) listCodes(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) > 0 || f.fix:
		return usage.New(errors.New("--list looks at no capsule: give neither paths nor --fix with it"))
	case asJSON(cmd):
		return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string][]finding.Rule{"codes": finding.Codes()})
	}
	return console.Codes(cmd.OutOrStdout(), finding.Codes())
}
