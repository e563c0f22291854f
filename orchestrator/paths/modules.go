package paths

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Modules are the modules that path stands for: itself, or those that the capsule in the
// folder publishes, with its manifest, which a single file has not.
func Modules(path string) ([]string, *capsule.Manifest, error) {
	const give = "give a .wasm file or a capsule's folder"
	roots, err := Absolute([]string{path})
	if err != nil {
		return nil, nil, err
	}
	abs := roots[0]
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, usage.Hint(fmt.Errorf("%s: no such file or folder", text.Name(path)), give)
	case err != nil:
		return nil, nil, usage.New(err)
	case filepath.Base(abs) == tree.ManifestName && !info.IsDir():
		abs = filepath.Dir(abs)
	case !info.IsDir():
		return []string{abs}, nil, nil
	}
	m, err := capsule.Load(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, usage.Hint(fmt.Errorf("%s holds no %s", Short(abs), tree.ManifestName), give)
	case err != nil:
		return nil, nil, usage.New(err)
	case !m.Buildable():
		return nil, nil, usage.New(fmt.Errorf("%s names no component: there is nothing to load", Short(m.Path)))
	}
	files, err := published(abs, m)
	return files, m, err
}

// published are the modules of a capsule; that one is missing is an error.
func published(dir string, m *capsule.Manifest) (files []string, err error) {
	var missing []string
	for _, c := range m.Components {
		file := filepath.Join(dir, filepath.FromSlash(c.File))
		if _, err := os.Stat(file); err != nil {
			missing = append(missing, c.File)
		}
		files = append(files, file)
	}
	if len(missing) > 0 {
		return nil, usage.Hint(fmt.Errorf("%s: not built yet", strings.Join(missing, ", ")), "astrid-dev build "+Short(dir))
	}
	return files, nil
}
