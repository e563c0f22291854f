// Package parcel makes the file of a capsule's archive, and tells of it.
package parcel

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/pack"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Parcel is an archive that was written, as --format json has it.
type Parcel struct {
	File    string       `json:"file"` // absolute
	Capsule string       `json:"capsule"`
	Version string       `json:"version"`
	Size    int64        `json:"size"` // bytes of the archive
	Signed  bool         `json:"signed"`
	Entries []pack.Entry `json:"entries"`
}

// Make writes the archive of the capsule of m, whose module stands published, to the file out:
// whole or not at all. "" is dist/NAME.capsule in the current folder. The error is a
// *pack.Refused, or the system's.
func Make(ctx context.Context, m *capsule.Manifest, out string) (*Parcel, error) {
	contracts, err := toolchain.Contracts(ctx, m, os.Environ())
	if err != nil {
		return nil, fmt.Errorf("looking for the SDK's WIT: %w", err)
	}
	archive, err := pack.Of(pack.Source{Manifest: m, Contracts: contracts})
	if err != nil {
		return nil, err
	}
	if out == "" {
		out = filepath.Join("dist", m.Package.Name+".capsule")
	}
	if out, err = filepath.Abs(out); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(out), 0o777); err != nil {
		return nil, err
	}
	if err := fsys.Replace(out, 0o644, archive.Write); err != nil {
		return nil, fmt.Errorf("writing %s: %w", paths.Short(out), err)
	}
	return &Parcel{out, m.Package.Name, m.Package.Version, fsys.Lstat(out).Size, false, archive.Entries}, nil
}

// JSON writes p for programs, in one line.
func (p *Parcel) JSON(w io.Writer) error { return json.NewEncoder(w).Encode(p) }

// Text writes p for a person.
func (p *Parcel) Text(w io.Writer) error {
	_, err := fmt.Fprintf(w, "packed %s  %s %s, %d files and folders, %s, not signed\n  help: astrid capsule install %[1]s --approve-untrusted\n",
		paths.Short(p.File), p.Capsule, p.Version, len(p.Entries), text.Size(p.Size))
	return err
}
