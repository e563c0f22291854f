package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/inputs"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

func newHash() *cobra.Command {
	var rules string
	cmd := &cobra.Command{
		Use:   "hash [DIR]",
		Short: "Print a capsule's source hash",
		Long: `hash prints the BLAKE3 source hash of a capsule, 64 hex digits.
--rules astrid counts exactly what the runtime's own watcher counts;
--rules default also leaves out editor droppings, artifacts, nested capsules
and what git and the manifest's ignore leave out.`,
		Args: oneDir,
		RunE: func(cmd *cobra.Command, args []string) error {
			roots, err := paths.Existing(args)
			if err != nil {
				return err
			}
			hash, err := sourceHash(cmd, roots[0], rules)
			if err != nil {
				return err
			}
			if asJSON(cmd) {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(map[string]string{"dir": roots[0], "rules": rules, "source_hash": hash})
			}
			if _, err := os.Lstat(filepath.Join(roots[0], tree.ManifestName)); errors.Is(err, fs.ErrNotExist) {
				fmt.Fprintf(cmd.ErrOrStderr(), "astrid-dev: %s holds no %s: it is no capsule, and no build has this hash\n", paths.Short(roots[0]), tree.ManifestName)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), hash)
			return err
		},
	}
	cmd.Flags().StringVar(&rules, "rules", "default", "which files count: default or astrid")
	return cmd
}

func sourceHash(cmd *cobra.Command, dir, rules string) (string, error) {
	say := func(_ string, f finding.Finding) { console.Findings(cmd.ErrOrStderr(), "", []finding.Finding{f}) }
	switch rules {
	case "astrid":
		sources, err := tree.Take(cmd.Context(), dir, tree.Astrid())
		if err != nil {
			return "", err
		}
		if f, ok := inputs.TooLong(dir, sources.Files); ok {
			say(dir, f)
		}
		return sources.Digest.String(), nil
	case "default":
		return builder.New(builder.Options{Say: say}).SourceHash(cmd.Context(), dir)
	}
	return "", usage.New(fmt.Errorf("unknown rules %q: use default or astrid", rules))
}

func oneDir(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage.New(fmt.Errorf("hash takes one folder, not %d", len(args)))
	}
	return nil
}
