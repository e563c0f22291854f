package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// capsules finds the capsules below the folders that args name. What looks like one and is
// none is named on stderr.
func capsules(cmd *cobra.Command, args []string, nested bool) (roots []string, found paths.Found, err error) {
	if roots, err = paths.Existing(args); err != nil {
		return nil, found, err
	}
	if found, err = paths.Find(cmd.Context(), roots, nested); err != nil {
		return nil, found, err
	}
	for _, link := range found.Linked {
		fmt.Fprintf(cmd.ErrOrStderr(), "astrid-dev: %s\n  help: %s\n", paths.LinkedMessage(link), paths.LinkedHint)
	}
	return roots, found, nil
}
