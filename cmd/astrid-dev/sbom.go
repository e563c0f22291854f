package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/sbom"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

func newSBOM() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "sbom FILE|DIR",
		Short: "Say what is in a module, as a CycloneDX bill of materials",
		Long: `sbom writes a bill of materials (CycloneDX 1.6, JSON) of a module, or of the module that a built
capsule publishes: its languages and tools, the Go modules that its linker names, and the crates
of Cargo.lock where the capsule is a crate. The same module and lock give the same bytes.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage.Hint(fmt.Errorf("sbom takes one module or capsule, not %d", len(args)), "astrid-dev sbom hello-go")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return writeSBOM(cmd, args[0], output) },
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "the file to write; without it stdout")
	return cmd
}

func writeSBOM(cmd *cobra.Command, path, output string) error {
	files, m, err := paths.Modules(path)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usage.Hint(errors.New("this capsule has several modules"), "name one of their files")
	}
	s := sbom.Subject{Name: filepath.Base(files[0]), Module: files[0], Tool: "astrid-dev", Release: version()}
	if m != nil {
		s.Name, s.Version, s.Dir = m.Package.Name, m.Package.Version, m.Dir
	}
	bill, err := sbom.Of(cmd.Context(), s)
	if err != nil {
		return usage.New(fmt.Errorf("what is in %s: %w", text.Name(path), err))
	}
	write := func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(bill)
	}
	if output == "" {
		return write(cmd.OutOrStdout())
	}
	if err := fsys.Replace(output, 0o644, write); err != nil {
		return usage.New(err)
	}
	return nil
}
