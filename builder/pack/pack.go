// Package pack makes the .capsule archive of a capsule, as the ecosystem's own packer does:
// the manifest, the module, what lies in assets and skills, and the WIT files.
//
// Equal content gives equal bytes, wherever and whenever it is packed. The archive is not
// signed: signatures are made with the keys of a runtime's home, and by the runtime's tools.
//
// The layers of its files: collect.go finds what belongs in, write.go writes it.
package pack

import (
	"fmt"
	"path"
	"strconv"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Source is what is packed.
type Source struct {
	Manifest *capsule.Manifest

	// Module is the file of the module; "" is what stands published.
	Module string

	// Contracts is the WIT file of the SDK that the capsule is built with, "" without one.
	// It is packed as a dependency of the capsule's own WIT.
	Contracts string
}

// Entry is a file or a folder of an archive.
type Entry struct {
	Name   string `json:"name"`             // with / between folders
	Folder bool   `json:"folder,omitempty"` // a folder has no size
	Size   int64  `json:"size"`             // bytes

	path    string // where its content lies, "" when it is content
	content string
	module  bool // never a program for this system, whatever mode its file has
}

// Archive is what an archive will hold. The files are read when it is written.
type Archive struct {
	Entries []Entry
}

// Refused says why a capsule cannot be packed. Its finding has a code and a remedy.
type Refused struct{ Finding finding.Finding }

func (r *Refused) Error() string { return r.Finding.String() }

func refused(file, hint, format string, args ...any) error {
	return &Refused{finding.Finding{Code: finding.PackRefused, File: file, Message: fmt.Sprintf(format, args...), Hint: hint}}
}

// Of collects what the archive of s holds, in the archive's order. Its error is a *Refused,
// or that of the file system.
func Of(s Source) (*Archive, error) {
	m := s.Manifest
	if n := len(m.Components); n > 1 {
		return nil, refused(tree.ManifestName, "make a capsule of each, or one module of all",
			"it has %d components, and a package holds the module of one: the runtime loads no other", n)
	}
	manifest, err := packedManifest(m)
	if err != nil {
		return nil, err
	}
	a := &Archive{Entries: []Entry{{Name: tree.ManifestName, Size: int64(len(manifest)), content: manifest}}}
	if len(m.Components) == 1 {
		if err := a.addModule(s); err != nil {
			return nil, err
		}
	}
	for _, folder := range []string{"assets", "skills"} {
		if err := a.addFolder(m.Dir, folder, filesOnly); err != nil {
			return nil, err
		}
	}
	return a, a.addWIT(s)
}

// packedName is the name of the module in the archive: it lies beside the manifest there.
func packedName(m *capsule.Manifest) string { return path.Base(m.Components[0].File) }

// packedManifest is the manifest's text, with the component's file where the archive has it.
func packedManifest(m *capsule.Manifest) (string, error) {
	doc := m.Document()
	if len(m.Components) == 0 || m.Components[0].File == packedName(m) {
		return doc.Text(), nil
	}
	key := []string{"component[0]", "file"}
	if !doc.Has(key...) {
		key[1] = "entrypoint"
	}
	e := tomldoc.NewEdits(doc)
	e.Replace(strconv.Quote(packedName(m)), packedName(m), key...)
	text, err := e.Apply()
	if err != nil {
		return "", refused(tree.ManifestName, "write the component as a table of its own: [[component]]",
			"the component's file cannot be rewritten to %s, where the package has it: %v", packedName(m), err)
	}
	return text, nil
}
