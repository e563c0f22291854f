package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/pack"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/console"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/orchestrator/session"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
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

// packed is an archive that was made, as --format json prints it.
type packed struct {
	File    string       `json:"file"` // absolute
	Capsule string       `json:"capsule"`
	Version string       `json:"version"`
	Size    int64        `json:"size"` // bytes of the archive
	Signed  bool         `json:"signed"`
	Entries []pack.Entry `json:"entries"`
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
	archive, err := collected(cmd.Context(), m)
	var no *pack.Refused
	switch {
	case cmd.Context().Err() != nil:
		return errInterrupted
	case errors.As(err, &no):
		return tellRefused(cmd, m.Dir, no.Finding)
	case err != nil:
		return usage.New(fmt.Errorf("packing %s: %w", paths.Short(m.Dir), err))
	}
	if out == "" {
		out = filepath.Join("dist", m.Package.Name+".capsule")
	}
	size, err := writeArchive(archive, out)
	if err != nil {
		return usage.New(err)
	}
	return tellPacked(cmd, archive, out, size, m)
}

// buildFirst builds what is out of date: what happens is told on stderr only.
func buildFirst(cmd *cobra.Command, roots []string, b buildFlags) error {
	o := b.options(cmd, roots)
	o.Lines = nil
	out, err := session.Build(cmd.Context(), o)
	switch {
	case err != nil:
		return err
	case out.Failed > 0:
		return &failedError{count: out.Failed}
	case !out.Done:
		return errInterrupted
	}
	return nil
}

// collected is what belongs into the archive of m.
func collected(ctx context.Context, m *capsule.Manifest) (*pack.Archive, error) {
	contracts, err := toolchain.Contracts(ctx, m, os.Environ())
	if err != nil {
		return nil, fmt.Errorf("looking for the SDK's WIT: %w", err)
	}
	return pack.Of(pack.Source{Manifest: m, Contracts: contracts})
}

// writeArchive writes it whole or not at all, and returns its size.
func writeArchive(archive *pack.Archive, out string) (size int64, err error) {
	path, err := filepath.Abs(out)
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return 0, err
	}
	if err := fsys.Replace(path, 0o644, archive.Write); err != nil {
		return 0, fmt.Errorf("writing %s: %w", paths.Short(path), err)
	}
	return fsys.Lstat(path).Size, nil
}

func tellPacked(cmd *cobra.Command, archive *pack.Archive, out string, size int64, m *capsule.Manifest) error {
	path, err := filepath.Abs(out)
	if err != nil {
		return usage.New(err)
	}
	if asJSON(cmd) {
		return json.NewEncoder(cmd.OutOrStdout()).Encode(packed{path, m.Package.Name, m.Package.Version, size, false, archive.Entries})
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "packed %s  %s %s, %d files and folders, %s, not signed\n  help: astrid capsule install %s --approve-untrusted\n",
		paths.Short(path), m.Package.Name, m.Package.Version, len(archive.Entries), text.Size(size), paths.Short(path))
	return err
}

// tellRefused says why a capsule cannot be packed.
func tellRefused(cmd *cobra.Command, dir string, f finding.Finding) error {
	var err error
	if asJSON(cmd) {
		err = json.NewEncoder(cmd.OutOrStdout()).Encode(map[string][]finding.Finding{"findings": {f}})
	} else {
		console.Findings(cmd.ErrOrStderr(), dir, []finding.Finding{f})
	}
	if err != nil {
		return err
	}
	return &failedError{count: 1}
}
