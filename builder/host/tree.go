package host

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
)

// Bounds of what a guest may write: a guest could fill the memory of the process that it
// runs in. Paths end where the runtime's own names end.
const (
	maxWritten = 32 << 20
	maxNodes   = 10_000
	maxPath    = 4096
)

// tree is a folder of files in memory, over a folder of the machine that is only read.
type tree struct {
	base  *os.Root // nil: there is none
	nodes map[string]*node
	bytes int
}

// node is what a guest, or a fixture, put at a path.
type node struct {
	kind    kind
	data    []byte
	fixture bool // it was there at the start
}

type kind uint8

const (
	aFile kind = iota
	aFolder
	nothing // it was there below, and is gone
)

// What can be wrong with a path. Each file system of the runtime has its own words for it.
var (
	errMissing  = errors.New("not found")
	errFolder   = errors.New("it is a folder")
	errFile     = errors.New("it is no folder")
	errFull     = errors.New("the folder is not empty")
	errEscapes  = errors.New("it leads out of the folder")
	errRefused  = errors.New("it may not be read")
	errQuota    = errors.New("there is no room")
	errTooLarge = errors.New("it is too large")
)

// pathError is about another path than the one that was asked for.
type pathError struct {
	path string
	err  error
}

func (e *pathError) Error() string { return e.path + ": " + e.err.Error() }
func (e *pathError) Unwrap() error { return e.err }

// stat says what is at a path, "" for the tree itself, and how large it is.
func (t *tree) stat(path string) (k kind, size int64, err error) {
	if path == "" {
		return aFolder, 0, nil
	}
	if gone := t.parentNode(path); gone != nil && gone.kind != aFolder {
		return nothing, 0, errMissing
	}
	if n := t.nodes[path]; n != nil {
		if n.kind == nothing {
			return nothing, 0, errMissing
		}
		return n.kind, int64(len(n.data)), nil
	}
	if t.base == nil {
		return nothing, 0, errMissing
	}
	info, err := t.base.Stat(path)
	switch {
	case err != nil:
		return nothing, 0, below(err)
	case info.IsDir():
		return aFolder, 0, nil
	case !info.Mode().IsRegular():
		return nothing, 0, errRefused // a pipe or a device of the machine
	}
	return aFile, info.Size(), nil
}

// parentNode is the nearest node above a path that is there or gone; nil when none of them
// was touched.
func (t *tree) parentNode(path string) *node {
	for {
		i := strings.LastIndexByte(path, '/')
		if i < 0 {
			return nil
		}
		path = path[:i]
		if n := t.nodes[path]; n != nil {
			return n
		}
	}
}

// below is the meaning of an error of the machine's folder.
func below(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return errMissing
	case errors.Is(err, fs.ErrPermission):
		return errRefused
	case strings.Contains(err.Error(), "path escapes"):
		return errEscapes // os.Root has no sentinel for it
	}
	return errRefused
}

// read returns the bytes of a file; more than limit are errTooLarge.
func (t *tree) read(path string, limit int64) ([]byte, error) {
	k, size, err := t.stat(path)
	switch {
	case err != nil:
		return nil, err
	case k == aFolder:
		return nil, errFolder
	case size > limit:
		return nil, errTooLarge
	}
	if n := t.nodes[path]; n != nil {
		return n.data, nil
	}
	// Between the look and the opening it may have become a pipe, which nobody writes to.
	f, err := t.base.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, below(err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errRefused
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, errRefused
	case int64(len(b)) > limit:
		return nil, errTooLarge
	}
	return b, nil
}

// list names what is in a folder, sorted.
func (t *tree) list(path string) ([]string, error) {
	k, _, err := t.stat(path)
	switch {
	case err != nil:
		return nil, err
	case k != aFolder:
		return nil, errFile
	}
	names := map[string]bool{}
	if err := t.listBelow(path, names); err != nil {
		return nil, err
	}
	prefix := path + "/"
	if path == "" {
		prefix = ""
	}
	for other, n := range t.nodes {
		rest, inside := strings.CutPrefix(other, prefix)
		if inside && rest != "" && !strings.Contains(rest, "/") {
			names[rest] = n.kind != nothing
		}
	}
	list := []string{}
	for name, there := range names {
		if there {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list, nil
}

// listBelow adds what the machine's folder has, where a guest has not made the folder anew.
func (t *tree) listBelow(path string, names map[string]bool) error {
	if t.base == nil || t.nodes[path] != nil && path != "" {
		return nil
	}
	name := path
	if name == "" {
		name = "."
	}
	f, err := t.base.Open(name)
	if err != nil {
		return below(err)
	}
	defer f.Close()
	entries, err := f.ReadDir(-1)
	if err != nil {
		return errRefused
	}
	for _, e := range entries {
		names[e.Name()] = true
	}
	return nil
}

// write puts a file at a path whose folder is there.
func (t *tree) write(path string, data []byte) error {
	parent, _, _ := cutLast(path)
	k, _, err := t.stat(parent)
	switch {
	case path == "":
		return errFolder
	case err != nil:
		return err
	case k != aFolder:
		return &pathError{parent, errFile}
	}
	if k, _, err := t.stat(path); err == nil && k == aFolder {
		return errFolder
	}
	return t.put(path, &node{kind: aFile, data: data})
}

// put is the only place where something is kept.
func (t *tree) put(path string, n *node) error {
	freed := 0
	if old := t.nodes[path]; old != nil {
		freed = len(old.data)
	} else if len(t.nodes) >= maxNodes {
		return errQuota
	}
	if t.bytes-freed+len(n.data) > maxWritten {
		return errQuota
	}
	if t.nodes == nil {
		t.nodes = map[string]*node{}
	}
	t.bytes += len(n.data) - freed
	t.nodes[path] = n
	return nil
}

// makeAll makes a folder and those above it.
func (t *tree) makeAll(path string) error {
	made := ""
	for step := range strings.SplitSeq(path, "/") {
		if made != "" {
			made += "/"
		}
		made += step
		switch k, _, err := t.stat(made); {
		case err == nil && k != aFolder:
			return &pathError{made, errFile}
		case errors.Is(err, errMissing):
			if err := t.put(made, &node{kind: aFolder}); err != nil {
				return err
			}
		case err != nil:
			return err
		}
	}
	return nil
}

// remove takes away a file, or a folder that is empty.
func (t *tree) remove(path string) error {
	k, _, err := t.stat(path)
	if err != nil {
		return err
	}
	if k == aFolder {
		if names, err := t.list(path); err != nil {
			return err
		} else if len(names) > 0 {
			return errFull
		}
	}
	return t.put(path, &node{kind: nothing})
}

// cutLast cuts a path before its last step.
func cutLast(path string) (parent, name string, ok bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// changed are what a guest has put or taken away, sorted by path.
func (t *tree) changed(scheme string) (list []File) {
	for path, n := range t.nodes {
		if n.fixture {
			continue
		}
		f := File{Path: scheme + path, Folder: n.kind == aFolder, Gone: n.kind == nothing}
		if n.kind == aFile {
			f.Data = n.data
		}
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return list
}
