package toolchain

import (
	"bytes"
	"encoding/binary"
	"go/ast"
	"go/parser"
	"go/token"
	"hash"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// The go command takes a tenth of a second to say which packages a module is made of, and after most edits it says the
// same: it reads no more of a source than up to the end of its imports. So what it said is known as long as all that it read is the same.

// goLists is what the go command said last, by the capsule's folder and the package in it.
var goLists = struct {
	sync.Mutex // guards what follows
	of         map[[2]string]goList
}{of: map[[2]string]goList{}}

// goList is what a package is built from, by files and patterns.
type goList struct {
	key     digest // of what else decided it
	files   []string
	folders []string // of packages that may change
	read    digest   // what the go command read
}

type digest [32]byte

// settling is how long the clock of a disk may lag behind ours.
const settling = 20 * time.Millisecond

// known is what the go command would say; it is not ok where it has to be asked.
func (g *goModule) known() (files []string, ok bool) {
	goLists.Lock()
	last, ok := goLists.of[[2]string{g.dir, g.pkg}]
	goLists.Unlock()
	if !ok || last.key != g.key() || g.restsOnMore() {
		return nil, false
	}
	read, _ := g.read(last.folders)
	return last.files, read == last.read
}

// learn keeps what the go command said, as it was asked at a time, of packages in folders. It is of no use when it rests on more than what
// read reads, or on what changed since.
func (g *goModule) learn(files, folders []string, asked time.Time) {
	read, changed := g.read(folders)
	if g.restsOnMore() || !changed.Before(asked.Add(-settling)) {
		return
	}
	goLists.Lock()
	defer goLists.Unlock()
	goLists.of[[2]string{g.dir, g.pkg}] = goList{g.key(), files, folders, read}
}

// key is the digest of what decides which packages there are, besides files.
func (g *goModule) key() (of digest) {
	h := blake3.New()
	for _, part := range append([]string{g.program, g.version, g.dir, g.pkg, above(g.dir, "go.mod"), readSmall(goEnvFile(g.env))}, g.env...) {
		write(h, []byte(part))
	}
	h.Sum(of[:0])
	return of
}

// restsOnMore reports whether packages may come from folders that the list does not name: those of a workspace or of a
// replacement, which other modules may choose, vendored ones above the capsule, and those that flags name.
func (g *goModule) restsOnMore() bool {
	module := above(g.dir, "go.mod")
	replaces := bytes.Contains(readAll(filepath.Join(module, "go.mod")), []byte("replace"))
	vendors := module != g.dir && isDir(filepath.Join(module, "vendor"))
	flags := g.env.get("GOFLAGS") + readSmall(goEnvFile(g.env))
	return g.workspace() != "" || replaces || vendors || strings.Contains(flags, "-modfile") || strings.Contains(flags, "-overlay")
}

// workspace is the go.work that counts, "" for none.
func (g *goModule) workspace() string {
	switch file := g.env.get("GOWORK"); file {
	case "off":
		return ""
	case "":
		if folder := above(g.dir, "go.work"); folder != "" {
			return filepath.Join(folder, "go.work")
		}
		return ""
	default:
		return file
	}
}

// goEnvFile is where `go env -w` writes.
func goEnvFile(env environ) string {
	if file := env.get("GOENV"); file != "" {
		return file
	}
	folder := env.get("XDG_CONFIG_HOME")
	if folder == "" {
		folder = filepath.Join(cargo.UserHome(env.lookup), userConfig)
	}
	return filepath.Join(folder, "go", "env")
}

// read is the digest of what the go command reads of the module and of packages in folders, and when any of it changed last.
func (g *goModule) read(folders []string) (of digest, changed time.Time) {
	h := blake3.New()
	add := func(path string, content []byte) {
		write(h, []byte(path))
		write(h, content)
		if at := fsys.LastChange(path); at.After(changed) {
			changed = at
		}
	}
	module := above(g.dir, "go.mod")
	for _, name := range []string{"go.mod", "go.sum", filepath.Join("vendor", "modules.txt")} {
		path := filepath.Join(module, name)
		add(path, readAll(path))
	}
	for _, folder := range folders {
		add(folder, nil)
		sources, _ := filepath.Glob(filepath.Join(fsys.EscapeGlob(folder), "*.go"))
		for _, path := range slices.Sorted(slices.Values(sources)) {
			add(path, goHead(readAll(path)))
		}
	}
	h.Sum(of[:0])
	return of, changed
}

// write adds a part to a digest, so that two parts are never as one.
func write(h hash.Hash, part []byte) {
	h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(part))))
	h.Write(part)
}

// goHead is what the go command reads of a source: up to the end of its imports, and all of one that embeds files, that calls C
// or whose beginning is not understood.
func goHead(source []byte) []byte {
	if bytes.Contains(source, []byte("go:embed")) || bytes.Contains(source, []byte(`"C"`)) {
		return source
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "", source, parser.ImportsOnly|parser.SkipObjectResolution)
	if err != nil {
		return source
	}
	end := file.Name.End()
	for _, d := range file.Decls {
		if imports, ok := d.(*ast.GenDecl); ok && imports.Tok == token.IMPORT {
			end = imports.End()
		}
	}
	return source[:set.Position(end).Offset]
}
