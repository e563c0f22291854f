package toolchain

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// goModule knows what a Go capsule is built from.
type goModule struct {
	*job
	program string // the go command
	version string // what it says of itself
	env     environ
	pkg     string
}

// outside lists the module's files above the capsule, the workspace's, and the
// files of packages that are no fixed version of a module, with all that they embed. What
// the go command reads below the capsule is among them: it may be left out of the sources, such as an
// embedded dist or generated code that git ignores.
func (g *goModule) outside(ctx context.Context) ([]string, error) {
	module := above(g.dir, "go.mod")
	workspace := g.workspace()
	var list []string
	for _, name := range []string{"go.mod", "go.sum", filepath.Join("vendor", "modules.txt")} {
		if module != "" {
			list = append(list, filepath.Join(module, name))
		}
	}
	if workspace != "" {
		list = append(list, workspace, strings.TrimSuffix(workspace, ".work")+".work.sum")
	}
	files, err := g.files(ctx)
	return g.beyond(append(list, files...)), err
}

// goPackage is what `go list -json` says of a package.
type goPackage struct {
	Dir        string
	Standard   bool
	EmbedFiles []string
	// EmbedPatterns are what //go:embed says; one that matches nothing is among them.
	EmbedPatterns []string
	Error         *struct{}
	Module        *struct {
		Dir, GoMod, Version string
		Replace             *struct{ Version string }
	}
}

// files lists, for each package that is no fixed version of a module, or is vendored
// in the capsule, a pattern for its Go files and for those that it embeds, so that a
// new one counts, and each file that it embeds, which may be a module.
func (g *goModule) files(ctx context.Context) ([]string, error) {
	if list, ok := g.known(); ok {
		return list, nil
	}
	asked := time.Now()
	out, err := query(ctx, g.dir, g.env.with("GOPROXY", "off", "PWD", g.dir),
		[]string{g.program, "list", "-e", "-deps", "-json=Dir,Standard,EmbedFiles,EmbedPatterns,Error,Module", g.pkg})
	if err != nil {
		return nil, fmt.Errorf("asking go for the capsule's packages: %w", err)
	}
	var list, folders []string
	whole := true // nothing is missing or embedded
	decoder := json.NewDecoder(bytes.NewReader(out))
	for {
		var p goPackage
		if err := decoder.Decode(&p); err == io.EOF {
			if whole {
				g.learn(list, folders, asked)
			}
			return list, nil
		} else if err != nil {
			return list, fmt.Errorf("reading go's list of packages: %w", err)
		}
		whole = whole && p.Error == nil && p.Dir != ""
		if p.Standard || p.Dir == "" || p.fixed() && !fsys.Inside(g.dir, p.Dir) {
			continue
		}
		folders, whole = append(folders, p.Dir), whole && len(p.EmbedPatterns) == 0
		list = append(list, filepath.Join(p.Dir, "*.go"))
		if p.Module != nil && p.Module.GoMod != "" && !p.fixed() {
			list = append(list, filepath.Join(filepath.Dir(p.Module.GoMod), "go.sum"), p.Module.GoMod)
		}
		for _, name := range p.EmbedFiles {
			list = append(list, filepath.Join(p.Dir, filepath.FromSlash(name)))
		}
		for _, pattern := range p.EmbedPatterns {
			list = append(list, filepath.Join(p.Dir, filepath.FromSlash(strings.TrimPrefix(pattern, "all:"))))
		}
	}
}

// fixed reports whether the package comes from a version of a module, whose
// files never change.
func (p goPackage) fixed() bool {
	if p.Module == nil {
		return false
	}
	if r := p.Module.Replace; r != nil {
		return r.Version != ""
	}
	return p.Module.Version != ""
}
