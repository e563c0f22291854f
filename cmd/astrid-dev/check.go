package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/check"
	"github.com/astrid-runtime/astrid-dev/orchestrator/mend"
)

// checkFlags are check's own.
type checkFlags struct {
	fix, list, strict, nested bool
	on                        runtimeFlags
}

func newCheck() *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check [PATH...]",
		Short: "Find what is wrong with capsules without building them",
		Long: `check reads the manifest of every capsule below the paths (the current folder
without any) and the files around it, and says what is wrong, where, and which
line to write. Nothing is built. It exits with 1 when there is an error; with
--strict a warning is enough.

--fix mends what leaves no choice and says which files it changed; comments and
the order of the lines stay. --list prints every code that check and verify
give, without looking at any capsule.`,
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	cmd.Flags().BoolVar(&f.fix, "fix", false, "mend what can be mended without guessing")
	cmd.Flags().BoolVar(&f.list, "list", false, "print every code with its severity, meaning and remedy")
	cmd.Flags().BoolVar(&f.strict, "strict", false, "a warning fails too")
	f.on.register(cmd, "hold astrid-version against this release of the runtime, as in 2026.10.1 (may be repeated)")
	includeNested(cmd.Flags(), &f.nested)
	return cmd
}

func (f checkFlags) run(cmd *cobra.Command, args []string) error {
	if f.list {
		return f.listCodes(cmd, args)
	}
	releases, err := f.on.releases()
	if err != nil {
		return err
	}
	_, found, err := capsules(cmd, args, f.nested)
	if err != nil {
		return err
	}
	look := mend.Check
	if f.fix {
		look = mend.Fix
	}
	checked, err := look(cmd.Context(), found.Dirs, check.Options{Env: os.Environ(), Runtime: releases})
	if err != nil {
		return err
	}
	o := mend.OutcomeOf(checked, found.Closed, f.strict)
	tell := o.Text
	switch format(cmd) {
	case "json":
		tell = o.JSON
	case "short":
		tell = o.Short
	}
	if err := tell(cmd.OutOrStdout()); err != nil || o.Failed+o.Closed == 0 {
		return err
	}
	return &failedError{count: o.Failed, closed: o.Closed}
}
