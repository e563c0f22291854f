package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layered are the rooms whose files must have layers. Others may.
var layered = []string{"builder", "builder/capsule", "builder/check", "builder/compile", "builder/daemon", "builder/guest", "builder/host", "builder/inputs", "builder/proc", "builder/smoke", "builder/store", "builder/toolchain", "builder/toolchain/cargo", "builder/tools", "builder/wasm/abi", "builder/wasm/engine",
	"orchestrator", "orchestrator/calls", "orchestrator/live", "orchestrator/report", "orchestrator/verify", "orchestrator/verify/workspace", "watcher", "watcher/tree"}

// layers are a room's files from top to bottom, as names or patterns: the indented lines of its
// package comment that begin with the name of a Go file.
type layers []string

// readLayers finds them in a file with a package comment.
func readLayers(doc *ast.CommentGroup) (list layers) {
	for line := range strings.Lines(doc.Text()) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if strings.HasPrefix(line, "\t") && strings.HasSuffix(name, ".go") {
			list = append(list, name)
		}
	}
	return list
}

// of is the layer of a file, from the top; -1 when it is in none.
func (list layers) of(file string) int {
	return slices.IndexFunc(list, func(pattern string) bool {
		fits, err := filepath.Match(pattern, file)
		return err == nil && fits
	})
}

// Inside a room the files lie in layers and call one way, downward. A call upward is defended
// in DESIGN.md by name ("`room/file.go` calls `function`"), or mended.
func TestFilesCallOneWay(t *testing.T) {
	packages := listPackages(t)
	design, err := os.ReadFile("../../DESIGN.md")
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if p, ok := packages[path]; ok && p.Export != "" {
			return os.Open(p.Export)
		}
		return nil, errors.New("no export data of " + path)
	})
	for path, p := range packages {
		room, ours := strings.CutPrefix(path, module)
		if !ours {
			continue
		}
		files, others, list := parseRoom(t, fset, p)
		if list == nil {
			if slices.Contains(layered, room) {
				t.Errorf("%s has no layers: its package comment lists its files from top to bottom", room)
			}
			continue
		}
		for _, problem := range list.unlisted(fset, append(files, others...)) {
			t.Errorf("%s: %s", room, problem)
		}
		calls, err := callsOf(fset, imports, path, files)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range append(calls, callsElsewhere(fset, files, others)...) {
			from, to := list.of(c.from), list.of(c.to)
			if from > to && to >= 0 && !strings.Contains(string(design), fmt.Sprintf("`%s/%s` calls `%s`", room, c.from, c.name)) {
				t.Errorf("%s: %s calls %s, which stands above it in %s", room, c.at, c.name, c.to)
			}
		}
	}
}

// parseRoom parses a room's files, those of other systems apart.
func parseRoom(t *testing.T, fset *token.FileSet, p listed) (files, others []*ast.File, list layers) {
	t.Helper()
	for i, name := range slices.Concat(p.GoFiles, p.IgnoredGoFiles) {
		file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		if file.Doc != nil {
			list = append(list, readLayers(file.Doc)...)
		}
		switch {
		case i < len(p.GoFiles):
			files = append(files, file)
		case !strings.HasSuffix(name, "_test.go"):
			others = append(others, file)
		}
	}
	return files, others, list
}

// unlisted names files that are in no layer, and layers that have no file. A file that has
// nothing but the package comment needs none.
func (list layers) unlisted(fset *token.FileSet, files []*ast.File) (problems []string) {
	used := map[int]bool{}
	for _, file := range files {
		name := fileOf(fset, file.Pos())
		layer := list.of(name)
		used[layer] = true
		if layer < 0 && len(file.Decls) > 0 {
			problems = append(problems, name+" is in no layer")
		}
	}
	for i, pattern := range list {
		if !used[i] {
			problems = append(problems, "there is no "+pattern+" for its layer")
		}
	}
	return problems
}

// call is a function or a method of a room's own that is called, or handed on, in another file.
type call struct {
	from, to string // files
	name     string
	at       token.Position
}

func fileOf(fset *token.FileSet, at token.Pos) string {
	return filepath.Base(fset.Position(at).Filename)
}

// callsOf finds the calls between the files of a room, by their types.
func callsOf(fset *token.FileSet, imports types.Importer, path string, files []*ast.File) (calls []call, err error) {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	room, err := (&types.Config{Importer: imports}).Check(path, fset, files, info)
	if err != nil {
		return nil, err
	}
	for name, object := range info.Uses {
		if f, is := object.(*types.Func); is && f.Pkg() == room {
			calls = append(calls, call{fileOf(fset, name.Pos()), fileOf(fset, f.Origin().Pos()), f.Name(), fset.Position(name.Pos())})
		}
	}
	return calls, nil
}

// callsElsewhere finds the calls in files of other systems, whose types are not known here:
// those of functions that are no methods, by their names.
func callsElsewhere(fset *token.FileSet, files, others []*ast.File) (calls []call) {
	in := map[string]string{}
	for _, file := range append(slices.Clone(others), files...) {
		for _, d := range file.Decls {
			if f, is := d.(*ast.FuncDecl); is && f.Recv == nil {
				in[f.Name.Name] = fileOf(fset, f.Pos())
			}
		}
	}
	for _, file := range others {
		ast.Inspect(file, func(n ast.Node) bool {
			if c, is := n.(*ast.CallExpr); is {
				if name, is := c.Fun.(*ast.Ident); is && in[name.Name] != "" {
					calls = append(calls, call{fileOf(fset, name.Pos()), in[name.Name], name.Name, fset.Position(name.Pos())})
				}
			}
			return true
		})
	}
	return calls
}
