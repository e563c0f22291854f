package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// componentFiles finds published paths that links lead out of the capsule.
// What the path itself says is judged by builder/capsule.
func componentFiles(c *capsuleFiles) {
	for i, component := range c.m.Components {
		if capsule.PathFault(component.File) != "" {
			continue
		}
		if target, outside := c.leadsOut(component.File); outside {
			c.addAt(finding.ComponentFileEscapes, c.fileKey(i), "remove the link: astrid-dev writes the module there",
				"the file %q leads out of the capsule, to %s", component.File, target)
			continue
		}
		if why := c.taken(component.File); why != "" {
			c.addAt(finding.ComponentFileTaken, c.fileKey(i), "name the .wasm file that is to be published; if what stands there is not needed, remove it",
				"the file %q %s: a build would not publish over it", component.File, why)
		}
	}
}

// taken says why nothing may be published over what stands at a path; "" when it may.
func (c *capsuleFiles) taken(path string) string {
	full := filepath.Join(c.dir, filepath.FromSlash(path))
	info, err := os.Lstat(full)
	switch {
	case err != nil:
		return "" // nothing stands there
	case !info.Mode().IsRegular():
		return "is not a plain file"
	}
	if is, err := reader.IsWasm(full); err == nil && !is {
		return "is no WebAssembly module"
	}
	return ""
}

// fileKey is the key of a component's file, by whichever name it has.
func (c *capsuleFiles) fileKey(component int) []string {
	key := []string{fmt.Sprintf("component[%d]", component), "file"}
	if _, ok := c.m.Document().Value(key...); !ok {
		key[1] = "entrypoint"
	}
	return key
}

// leadsOut follows the links on the way to a path below the capsule, as far
// as the path exists.
func (c *capsuleFiles) leadsOut(path string) (target string, outside bool) {
	root, err := filepath.EvalSymlinks(c.dir)
	if err != nil {
		return "", false
	}
	for at := filepath.Join(c.dir, filepath.FromSlash(path)); len(at) > len(c.dir); at = filepath.Dir(at) {
		if link, err := os.Readlink(at); err == nil && !exists(at) {
			// A link that leads nowhere yet: a write would create what it names.
			if !filepath.IsAbs(link) {
				link = filepath.Join(filepath.Dir(at), link)
			}
			return link, !fsys.Inside(root, link) && !fsys.Inside(c.dir, link)
		}
		if real, err := filepath.EvalSymlinks(at); err == nil {
			return real, !fsys.Inside(root, real)
		}
	}
	return "", false
}

// namedFiles finds files that the manifest names and that are not there.
// Components are not among them: they are what a build makes.
func namedFiles(c *capsuleFiles) {
	look := func(path string, key ...string) {
		if path == "" {
			return
		}
		full := filepath.FromSlash(path)
		if !filepath.IsAbs(full) {
			full = filepath.Join(c.dir, full)
		}
		if !exists(full) {
			c.addAt(finding.MissingFile, key, "create it, or correct the path", "the file %q does not exist", path)
		}
	}
	look(c.m.Package.Readme, "package", "readme")
	look(c.m.Package.LicenseFile, "package", "license-file")
	for i, f := range c.m.ContextFiles {
		look(f.File, fmt.Sprintf("context_file[%d]", i), "file")
	}
	for i, command := range c.m.Commands {
		look(command.File, fmt.Sprintf("command[%d]", i), "file")
	}
}

// nodeVersion compares the manifest's version with that of package.json,
// where that is what builds the capsule.
func nodeVersion(c *capsuleFiles) {
	if c.cargo != nil || !c.m.Buildable() || exists(filepath.Join(c.dir, "Cargo.toml")) || exists(filepath.Join(c.dir, "go.mod")) {
		return
	}
	data, err := readSmall(filepath.Join(c.dir, "package.json"))
	if err != nil {
		return
	}
	var pkg struct {
		Version string `json:"version"`
	}
	if json.Unmarshal(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &pkg) != nil || pkg.Version == "" {
		return
	}
	c.compareVersion(pkg.Version, "package.json")
}

func (c *capsuleFiles) compareVersion(theirs, file string) {
	if ours := c.m.Package.Version; ours != "" && ours != theirs {
		c.addAt(finding.VersionDiffers, []string{"package", "version"}, fmt.Sprintf("write version = %q here, or %q in %s", theirs, ours, file),
			"the version %q is %q in %s", ours, theirs, file)
	}
}

// maxSmall bounds files that are read whole. The largest lock files have a few megabytes.
const maxSmall = 32 << 20

func readSmall(path string) ([]byte, error) { return fsys.Read(path, maxSmall) }
