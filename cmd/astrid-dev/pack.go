package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/pack"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/parcel"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

func newPack() *cobra.Command {
	var b buildFlags
	var out string
	cmd := &cobra.Command{
		Use:   "pack [PATH]",
		Short: "Build a capsule and make the .capsule archive that the runtime installs",
		Long: `pack builds the capsule in the folder (the current one without any) where it is
not up to date, and writes its archive: the manifest, the module, what lies in
assets and skills, and the WIT files. Equal content gives equal bytes. The archive
is not signed: the runtime installs it when it is approved, as in
"astrid capsule install FILE --approve-untrusted".`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return runPack(cmd, args, out, b) },
	}
	b.register(cmd)
	cmd.Flags().StringVarP(&out, "output", "o", "", "the archive (default dist/NAME.capsule in the current folder)")
	return cmd
}

func runPack(cmd *cobra.Command, args []string, out string, b buildFlags) error {
	if err := b.check(); err != nil {
		return err
	}
	roots, err := paths.Existing(args)
	if err != nil {
		return err
	}
	m, err := capsule.Load(roots[0])
	if err != nil {
		return usage.Hint(fmt.Errorf("packing %s: %w", paths.Short(roots[0]), err), "give a capsule's folder; check says what is wrong with its manifest")
	}
	if m.Buildable() {
		if err := buildFirst(cmd, roots, b); err != nil {
			return err
		}
	}
	made, err := parcel.Make(cmd.Context(), m, out)
	var no *pack.Refused
	switch {
	case cmd.Context().Err() != nil:
		return errInterrupted
	case errors.As(err, &no):
		return tellRefused(cmd, m.Dir, no.Finding)
	case err != nil:
		return usage.New(fmt.Errorf("packing %s: %w", paths.Short(m.Dir), err))
	case asJSON(cmd):
		return made.JSON(cmd.OutOrStdout())
	}
	return made.Text(cmd.OutOrStdout())
}

// tellRefused says why a capsule cannot be packed.
func tellRefused(cmd *cobra.Command, dir string, f finding.Finding) error {
	if asJSON(cmd) {
		if err := json.NewEncoder(cmd.OutOrStdout()).Encode(map[string][]finding.Finding{"findings": {f}}); err != nil {
			return err
		}
	} else {
		console.Findings(cmd.ErrOrStderr(), dir, []finding.Finding{f})
	}
	return &failedError{count: 1}
}
