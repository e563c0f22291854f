package toolchain

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// clockSlack is how far a file's time may lie before the build's start though
// it was written after it: file systems stamp with a clock that ticks every
// 10 ms at worst, on Linux and macOS alike.
const clockSlack = 20 * time.Millisecond

// product is a module that cargo says it made.
type product struct {
	name   string // the crate's, with underscores
	path   string
	own    bool // of the capsule's own package
	cdylib bool
	fresh  bool
}

// artifacts finds the components among what cargo says it made.
func (c *crate) artifacts(w *work, start time.Time, stdout []byte) ([]Artifact, error) {
	products := c.products(stdout)
	built := map[int]string{}
	for i := range c.Manifest.Components {
		p, ok := c.match(i, products)
		if !ok {
			continue
		}
		info, err := os.Stat(p.path)
		if err != nil || !p.fresh && info.ModTime().Before(start.Add(-clockSlack)) {
			return nil, collectProblem(finding.Finding{Code: finding.RustStaleArtifact,
				Message: fmt.Sprintf("cargo says that it built %s, but the file is missing or older than the build", p.path),
				Hint:    "run cargo clean in the capsule's folder, then build again"})
		}
		built[i] = p.path
	}
	if len(built) == 0 {
		return nil, collectProblem(c.noProduct(products))
	}
	return w.collect(built)
}

func (c *crate) products(stdout []byte) []product {
	list, dir := []product(nil), resolved(c.dir) // cargo names folders without links
	eachMessage(stdout, func(m cargoMessage) {
		if m.Reason != "compiler-artifact" {
			return
		}
		for _, file := range m.Filenames {
			if filepath.Ext(file) == ".wasm" {
				list = append(list, product{strings.ReplaceAll(m.Target.Name, "-", "_"), file,
					resolved(filepath.Dir(m.ManifestPath)) == dir, slices.Contains(m.Target.CrateTypes, "cdylib"), m.Fresh})
			}
		}
	})
	return list
}

// match picks component i's module: the one of its name, else the only one
// there is, counting the capsule's own before its dependencies', and
// libraries before programs.
func (c *crate) match(i int, products []product) (product, bool) {
	component := c.Manifest.Components[i]
	for _, name := range []string{strings.TrimSuffix(path.Base(component.File), ".wasm"), component.ID} {
		name = strings.ReplaceAll(name, "-", "_")
		for _, p := range products {
			if p.name == name {
				return p, true
			}
		}
	}
	if len(c.Manifest.Components) > 1 {
		return product{}, false
	}
	for _, fits := range []func(product) bool{
		func(p product) bool { return p.own && p.cdylib },
		func(p product) bool { return p.cdylib },
		func(p product) bool { return p.own },
		func(p product) bool { return true },
	} {
		var only []product
		for _, p := range products {
			if fits(p) {
				only = append(only, p)
			}
		}
		if len(only) == 1 {
			return only[0], true
		}
	}
	return product{}, false
}

func (c *crate) noProduct(products []product) finding.Finding {
	if len(products) == 0 {
		return finding.Finding{Code: finding.RustNoModule, File: "Cargo.toml", Message: "cargo built no wasm module",
			Hint: "write into Cargo.toml:\n[lib]\ncrate-type = [\"cdylib\"]"}
	}
	var names []string
	for _, p := range products {
		names = append(names, p.name+".wasm")
	}
	return finding.Finding{Code: finding.RustWhichModule, File: tree.ManifestName, Message: "cargo built " + strings.Join(names, ", ") + ", and no component is called like one of them",
		Hint: "give the component's file the name of the crate, with _ for -"}
}
