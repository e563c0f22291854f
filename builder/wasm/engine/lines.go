package engine

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/source"
)

// Lines say where the lines of a guest's source are known from. The zero value knows what the
// guest itself tells.
type Lines struct {
	Module []byte `json:"module,omitempty"` // path of the core module as its compiler left it, with what tells of its source; a source map lies beside it, with source.MapSuffix
	Dir    []byte `json:"dir,omitempty"`    // the capsule's folder, absolute: what lies below it is the author's
	// Elsewhere: the module was made in another checkout or on another machine, and what tells of its source stayed there.
	Elsewhere bool `json:"elsewhere,omitempty"`
}

// unplaced says where the line of a trap may be had that has none.
const unplaced = "its line is not known: the module was made in another checkout or on another machine. " +
	"Delete target/astrid-dev and build with --alone: a module that is made here tells its lines"

// Place is a line of the author's source.
type Place struct {
	Function string `json:"function,omitempty"`
	File     string `json:"file"` // a slash path below the capsule's folder, else as the compiler wrote it
	Line     int    `json:"line"`
	Column   int    `json:"column,omitempty"`
}

// String is "src/lib.rs:12:5 in greet".
func (p *Place) String() string {
	s := source.Place{File: p.File, Line: p.Line, Column: p.Column}.String()
	if p.Function != "" {
		s += " in " + p.Function
	}
	return s
}

// open is what tells of the lines of a core module; nil: nothing does.
func (l Lines) open(code []byte) *source.Module {
	teller := code
	if len(l.Module) > 0 {
		if original, err := ReadModule(string(l.Module)); err == nil && source.SameCode(original, code) {
			teller = original
		}
	}
	m, err := source.Open(teller)
	if err != nil {
		return nil
	}
	if m.MapURL() != "" && &teller[0] != &code[0] {
		if info, err := os.Stat(string(l.Module) + source.MapSuffix); err == nil && info.Size() <= source.MaxMap {
			if text, err := os.ReadFile(string(l.Module) + source.MapSuffix); err == nil {
				_ = m.UseMap(text) // one that is none tells nothing
			}
		}
	}
	return m
}

// below is a file as its author knows it.
func (l Lines) below(file string) string {
	if dir := string(l.Dir); dir != "" && filepath.IsAbs(file) {
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	return file
}

// own is the innermost of places that is the author's.
func (l Lines) own(places []source.Place) *Place {
	i := slices.IndexFunc(places, func(p source.Place) bool { return p.Line > 0 && isOwn(p.File) })
	if i < 0 {
		return nil
	}
	p := places[i]
	return &Place{Function: p.Function, File: p.File, Line: p.Line, Column: p.Column}
}

// isOwn reports whether a file is none of a library's: those lie elsewhere, or where package
// managers put them.
func isOwn(file string) bool {
	return file != "" && !filepath.IsAbs(file) && !strings.HasPrefix(file, "~lib/") && !strings.HasPrefix(file, "../") && !slices.Contains(strings.Split(file, "/"), "node_modules")
}

// Guests that are interpreted, or that have a runtime of their own, print where they failed:
// Go "main.f(...)" and below it "\t/dir/main.go:12 +0x5", JavaScript "    at f (tools.js:12:5)".
var (
	goPlace     = regexp.MustCompile(`^\t(.+\.go):(\d+)(?: \+0x[0-9a-f]+)?$`)
	scriptPlace = regexp.MustCompile(`^\s*at (?:(\S+) )?\(?([^()\s]+\.[cm]?[jt]sx?):(\d+)(?::(\d+))?\)?$`)
)

// trimmed is a file that go build -trimpath names: its module's path is in front of it, and no folder.
func (l Lines) trimmed(file string) string {
	if filepath.IsAbs(file) {
		return l.below(file)
	}
	for rest := file; rest != ""; _, rest, _ = strings.Cut(rest, "/") {
		if info, err := os.Stat(filepath.Join(string(l.Dir), filepath.FromSlash(rest))); err == nil && info.Mode().IsRegular() && filepath.IsLocal(rest) {
			return rest
		}
	}
	return ""
}

// spoken is the first place in a guest's own words that is the author's.
func (l Lines) spoken(said string) *Place {
	before := ""
	for line := range bytes.Lines([]byte(said)) {
		line := strings.TrimRight(string(line), "\r\n")
		p := &Place{}
		if m := goPlace.FindStringSubmatch(line); m != nil {
			p.Function, _, _ = strings.Cut(before, "(")
			p.File = l.trimmed(m[1])
			p.Line, _ = strconv.Atoi(m[2])
		} else if m := scriptPlace.FindStringSubmatch(line); m != nil {
			p.Function, p.File = m[1], l.below(m[2])
			p.Line, _ = strconv.Atoi(m[3])
			p.Column, _ = strconv.Atoi(m[4])
		}
		if isOwn(p.File) {
			return p
		}
		before = line
	}
	return nil
}
