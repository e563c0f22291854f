package remote

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	reapi "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"

	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// upload is a blob that the server is to have: data, or the content of a file.
type upload struct {
	digest *reapi.Digest
	data   []byte
	path   string // "": data
}

// folder is one that is about to become a Directory message.
type folder struct {
	files   map[string]string // names, and where the files lie
	folders map[string]*folder
}

func newFolder() *folder { return &folder{map[string]string{}, map[string]*folder{}} }

// plant is the tree of files, which lie below root.
func plant(root string, files []string) (*folder, error) {
	top := newFolder()
	for _, file := range files {
		rel, err := filepath.Rel(root, file)
		if err != nil || !filepath.IsLocal(rel) {
			return nil, fmt.Errorf("%s does not lie below %s", file, root)
		}
		at := top
		parts := strings.Split(filepath.ToSlash(rel), "/")
		for _, name := range parts[:len(parts)-1] {
			if at.folders[name] == nil {
				at.folders[name] = newFolder()
			}
			at = at.folders[name]
		}
		at.files[parts[len(parts)-1]] = file
	}
	return top, nil
}

// grow makes a tree of messages: its digest, and everything that the server needs for it.
type grow struct {
	function function
	blobs    map[string]upload // by hash
}

func (g *grow) add(u upload) *reapi.Digest {
	g.blobs[u.digest.Hash] = u
	return u.digest
}

func (g *grow) message(data []byte, err error) (*reapi.Digest, error) {
	if err != nil {
		return nil, err
	}
	return g.add(upload{digest: g.function.sum(data), data: data}), nil
}

// folder is the digest of f's message. Names are sorted, as the protocol asks for.
func (g *grow) folder(f *folder) (*reapi.Digest, error) {
	d := &reapi.Directory{}
	for _, name := range slices.Sorted(maps.Keys(f.files)) {
		if err := g.file(d, name, f.files[name]); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.folders)) {
		digest, err := g.folder(f.folders[name])
		if err != nil {
			return nil, err
		}
		d.Directories = append(d.Directories, &reapi.DirectoryNode{Name: name, Digest: digest})
	}
	return g.message(marshal(d))
}

// file adds a file to d, or a link.
func (g *grow) file(d *reapi.Directory, name, path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	switch {
	case info.Mode()&os.ModeSymlink != 0:
		to, err := os.Readlink(path)
		if err != nil {
			return err
		}
		d.Symlinks = append(d.Symlinks, &reapi.SymlinkNode{Name: name, Target: filepath.ToSlash(to)})
	case info.Mode().IsRegular():
		id, err := shared.Identify(path)
		if err != nil {
			return err
		}
		digest := g.add(upload{digest: g.function.of(id), path: path})
		d.Files = append(d.Files, &reapi.FileNode{Name: name, Digest: digest, IsExecutable: info.Mode()&0o111 != 0})
	default:
		return fmt.Errorf("%s is no regular file", path)
	}
	return nil
}

// content is what u holds.
func (u upload) content() ([]byte, error) {
	if u.path == "" {
		return u.data, nil
	}
	return fsys.Read(u.path, u.digest.SizeBytes)
}

// open is content for what is too large for a message.
func (u upload) open() (io.ReadCloser, error) {
	if u.path == "" {
		return io.NopCloser(bytes.NewReader(u.data)), nil
	}
	return fsys.Open(u.path)
}
