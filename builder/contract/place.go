package contract

import (
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Item names a part of a component's world.
type Item struct {
	Interface string // with its version; "": the world itself
	Name      string // as in Interface's keys; "": the whole of it
}

// mostWit is the largest file of WIT that is read, in bytes.
const mostWit = 4 << 20

// Place is where the author of the capsule in dir wrote item down, in a file of the folder wit: the
// path seen from dir, with slashes, and the line. "" where it is not found.
func (i Item) Place(dir string) (file string, line int) {
	id, _, _ := strings.Cut(i.Interface, "@")
	pkg, name, ok := strings.Cut(id, "/")
	if !ok { // one that stands in the world itself
		pkg, name = "", id
	}
	var files []string
	_ = filepath.WalkDir(filepath.Join(dir, "wit"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && filepath.Ext(path) == ".wit" {
			files = append(files, path)
		}
		return nil // what cannot be read is not where it was written down
	})
	slices.Sort(files)
	for _, path := range files {
		data, err := fsys.Read(path, mostWit)
		if err != nil {
			continue
		}
		if line := i.line(string(data), pkg, name); line > 0 {
			rel, err := filepath.Rel(dir, path)
			if err != nil {
				return "", 0
			}
			return filepath.ToSlash(rel), line
		}
	}
	return "", 0
}

// line is the item's in a file of WIT; 0: it is not there. A package may be named in another file
// of its folder.
func (i Item) line(text, pkg, name string) int {
	lines := strings.Split(text, "\n")
	named := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), "package ") })
	if named >= 0 && pkg != "" && !strings.HasPrefix(strings.TrimPrefix(strings.TrimSpace(lines[named]), "package "), pkg) {
		return 0
	}
	head := `^\s*(?:interface|(?:import|export)) ` + regexp.QuoteMeta(name) + `\b`
	if i.Interface == "" {
		head = `^\s*world `
	}
	begin := slices.IndexFunc(lines, regexp.MustCompile(head).MatchString)
	if begin < 0 || i.Name == "" {
		return begin + 1
	}
	own := i.Name[strings.LastIndex(i.Name, ".")+1:]
	item := regexp.MustCompile(`^\s*(?:(?:import|export|type|record|variant|enum|flags|resource) )?` + regexp.QuoteMeta(own) + `\b\s*(?:[:={;(]|$)`)
	if at := slices.IndexFunc(lines[begin+1:], item.MatchString); at >= 0 {
		return begin + at + 2
	}
	return begin + 1
}
