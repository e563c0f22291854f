// Package check finds what is wrong with a capsule without building it.
//
// It goes further than builder/capsule, which judges the manifest alone: check
// looks at the files around it (Cargo.toml, .cargo/config.toml, package.json,
// the files that the manifest names) and at the faults that real capsules
// have. Nothing is run and nothing is written, but by Fix.
package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Options changes what Check looks at. The zero value is right for most.
type Options struct {
	// Env is the environment that builds will have, as os.Environ gives it.
	// CARGO_BUILD_TARGET, RUSTFLAGS and their kind can stand in for what the
	// capsule's files leave out. nil is an empty environment.
	Env []string
	// Runtime are the releases that astrid-version is held against; none: those of the
	// manifest's setting runtime, if it has one.
	Runtime []*astrid.Release
}

// Result is what CheckAll found in one capsule.
type Result struct {
	Dir      string            // as it was given
	Name     string            // the manifest's, "" when it could not be read
	Findings []finding.Finding // sorted, errors first
	Err      error             // the manifest could not be read at all
}

// CheckAll checks every capsule, and what only shows between them. Results
// come in the order of dirs; one that cannot be read does not stop the others.
// The error is the context's.
func CheckAll(ctx context.Context, dirs []string, options Options) ([]Result, error) {
	results := make([]Result, len(dirs))
	for i, dir := range dirs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		results[i] = checkOne(ctx, dir, options)
	}
	sameNames(results)
	for i := range results {
		finding.Sort(results[i].Findings)
	}
	return results, nil
}

func checkOne(ctx context.Context, dir string, options Options) Result {
	result := Result{Dir: dir}
	c, err := open(dir, options)
	if err != nil {
		result.Err = err
		return result
	}
	result.Name = c.m.Package.Name
	for _, look := range looks {
		if err := ctx.Err(); err != nil {
			result.Err = err
			return result
		}
		look(c)
	}
	finding.Sort(c.list)
	result.Findings = c.list
	return result
}

// looks are the groups of faults, each with the file they are in. A look adds
// nothing when what it needs could not be read.
var looks = []func(*capsuleFiles){
	inertTables, settingsElsewhere, unknownKeys, tools, componentFiles, namedFiles, rustCrate, rustTarget, rustRandom, nodeVersion,
	runtimeVersion, runtimeLoads, rustCdylibs,
}

// capsuleFiles is one capsule while it is checked.
type capsuleFiles struct {
	dir     string // absolute
	options Options
	m       *capsule.Manifest
	list    []finding.Finding
	cargo   *cargo.Crate // nil when cargo does not build the capsule
}

func open(dir string, options Options) (*capsuleFiles, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("checking %q: %w", dir, err)
	}
	path := filepath.Join(absolute, tree.ManifestName)
	data, err := capsule.ReadFile(path)
	if err != nil {
		return nil, err
	}
	c := &capsuleFiles{dir: absolute, options: options}
	c.m, c.list = capsule.Parse(path, data)
	c.list = append(c.list, c.m.Doubts()...)
	c.cargo = c.readCargo()
	return c, nil
}

// place is where a fault stands. An empty file is the manifest.
type place struct {
	file         string
	line, column int
}

// add notes a fault at a place.
func (c *capsuleFiles) add(code finding.Code, at place, hint, format string, args ...any) {
	if at.file == "" {
		at.file = tree.ManifestName
	}
	rule, _ := code.Rule()
	c.list = append(c.list, finding.Finding{Code: code, Severity: rule.Severity, File: at.file, Line: at.line, Column: at.column,
		Message: fmt.Sprintf(format, args...), Hint: hint})
}

// addAt is add for a key of the manifest.
func (c *capsuleFiles) addAt(code finding.Code, key []string, hint, format string, args ...any) {
	at := place{}
	at.line, at.column = c.m.Position(key...)
	if value, ok := c.m.Document().Locate(key...); ok {
		at.line, at.column = value.Line, value.Column
	}
	c.add(code, at, hint, format, args...)
}

// addKey is addAt, pointing at the key instead of its value.
func (c *capsuleFiles) addKey(code finding.Code, key []string, hint, format string, args ...any) {
	at := place{}
	at.line, at.column = c.m.Position(key...)
	c.add(code, at, hint, format, args...)
}

// relative is how findings name a file.
func (c *capsuleFiles) relative(path string) string {
	if rel, err := filepath.Rel(c.dir, path); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return path
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil || !errors.Is(err, fs.ErrNotExist)
}

// lookup finds a variable of the build's environment; the last one wins.
func (c *capsuleFiles) lookup(name string) (value string, set bool) {
	for _, pair := range c.options.Env {
		if text, found := strings.CutPrefix(pair, name+"="); found {
			value, set = text, true
		}
	}
	return value, set
}

// sameNames adds a finding to every capsule whose name another one has too.
// The runtime would load one of them and skip the others.
func sameNames(results []Result) {
	byName := map[string][]int{}
	for i, r := range results {
		if r.Name != "" {
			byName[r.Name] = append(byName[r.Name], i)
		}
	}
	for name, list := range byName {
		for _, i := range list {
			for _, other := range list {
				if other != i && !sameFolder(results[i].Dir, results[other].Dir) {
					results[i].Findings = append(results[i].Findings, nameTwice(results[i].Dir, name, results[other].Dir))
					break
				}
			}
		}
	}
}

// sameFolder reports whether two paths lead to one folder, which is then one capsule.
func sameFolder(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

func nameTwice(dir, name, other string) finding.Finding {
	f := finding.Finding{
		Code: finding.PackageNameTwice, Severity: finding.Error, File: tree.ManifestName,
		Message: fmt.Sprintf("the capsule in %s has the name %q too", other, name),
		Hint:    "give each capsule a name of its own",
	}
	if doc := tomldoc.ReadFile(filepath.Join(dir, tree.ManifestName)); doc != nil {
		if place, ok := doc.Locate("package", "name"); ok {
			f.Line, f.Column = place.Line, place.Column
		}
	}
	return f
}
