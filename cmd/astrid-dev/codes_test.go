package main

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

const findingRoom = module + "builder/finding"

// listed is a package as go list tells of it.
type listed struct {
	ImportPath, Dir, Export string
	GoFiles, CgoFiles       []string
	IgnoredGoFiles          []string // those of other systems
}

// Every code that the program gives is one of the table, and every entry of it is given: a
// code that stands in the source as text, wherever its type makes it one, fails this test.
func TestCodesComeFromTheTable(t *testing.T) {
	packages := listPackages(t)
	fset := token.NewFileSet()
	imports := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if p, ok := packages[path]; ok && p.Export != "" {
			return os.Open(p.Export)
		}
		return nil, errors.New("no export data of " + path)
	})
	used := map[string]bool{}
	for path, p := range packages {
		if strings.HasPrefix(path, module) && path != findingRoom {
			codesOf(t, fset, imports, p, used)
		}
	}
	for code := range used {
		if _, known := finding.Code(code).Rule(); !known && code != "" {
			t.Errorf("%s is given and not in builder/finding/codes.go", code)
		}
	}
	for _, rule := range finding.Codes() {
		if !used[string(rule.Code)] {
			t.Errorf("nothing gives %s: take it out of builder/finding/codes.go", rule.Code)
		}
	}
}

func listPackages(t *testing.T) map[string]listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-deps", "-export", "-json=ImportPath,Dir,Export,GoFiles,CgoFiles,IgnoredGoFiles", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]listed{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
}

// codesOf checks the types of one package, and looks at each constant that is a code.
func codesOf(t *testing.T, fset *token.FileSet, imports types.Importer, p listed, used map[string]bool) {
	var files []*ast.File
	for _, name := range p.GoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}}
	if _, err := (&types.Config{Importer: imports}).Check(p.ImportPath, fset, files, info); err != nil {
		t.Fatal(err)
	}
	for expr, is := range info.Types {
		if is.Value == nil || is.Type.String() != findingRoom+".Code" {
			continue
		}
		code := constant.StringVal(is.Value)
		if _, literal := expr.(*ast.BasicLit); literal && code != "" {
			t.Errorf("%s: %q is a code: use its constant, or add it to builder/finding/codes.go", fset.Position(expr.Pos()), code)
			continue
		}
		used[code] = true
	}
	codesElsewhere(t, fset, p)
}

// codesElsewhere looks at the files of other systems, whose types are not known here: no text
// in them may stand where a finding's or an event's code does.
func codesElsewhere(t *testing.T, fset *token.FileSet, p listed) {
	for _, name := range p.IgnoredGoFiles {
		file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			pair, ok := n.(*ast.KeyValueExpr)
			if !ok {
				return true
			}
			key, named := pair.Key.(*ast.Ident)
			if text, literal := pair.Value.(*ast.BasicLit); named && literal && key.Name == "Code" && text.Kind == token.STRING {
				t.Errorf("%s: %s is a code: use its constant", fset.Position(text.Pos()), text.Value)
			}
			return true
		})
	}
}

// The table says what a person needs, in the house's words, and each name once, old ones too.
func TestTableOfCodes(t *testing.T) {
	seen := map[finding.Code]bool{}
	for _, r := range finding.Codes() {
		for _, code := range append(r.Was, r.Code) {
			if seen[code] || string(code) != strings.ToLower(string(code)) || strings.ContainsAny(string(code), " _.") {
				t.Errorf("%q stands twice in the table, or is no name of a code", code)
			}
			seen[code] = true
		}
		if r.Summary == "" || r.Remedy == "" || r.Part == "" || strings.HasSuffix(r.Summary, ".") || strings.HasSuffix(r.Remedy, ".") {
			t.Errorf("bad entry: %+v", r)
		}
	}
}

// Each code is explained: what it means, what brings it about, what to do.
func TestEachCodeHasAnExample(t *testing.T) {
	said := map[string]finding.Code{}
	for _, r := range finding.Codes() {
		if r.Summary == "" || r.Example == "" || r.Remedy == "" {
			t.Errorf("%s has no summary, example or remedy: %+v", r.Code, r)
		}
		if other, twice := said[r.Example]; twice {
			t.Errorf("%s and %s have the same example", other, r.Code)
		}
		said[r.Example] = r.Code
	}
}
