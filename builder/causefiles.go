package builder

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// The files of a verdict's causes are most of them: a hash of each. They are written as bytes, behind a line of JSON
// with all else, since in a huge capsule JSON of them would cost several times an edit.

// notedFile is a file as it was, with the hash of its content; the zero hash where it was changed before it could be read.
type notedFile struct {
	tree.File
	hash tree.Digest
}

func (n *notedFile) text() string {
	if n == nil || n.hash.IsZero() {
		return ""
	}
	return n.hash.String()
}

// noteFiles are files with their hashes, which old may know.
func noteFiles(ctx context.Context, dir string, old []notedFile, files []tree.File) ([]notedFile, error) {
	list := make([]notedFile, len(files))
	for i, f := range files {
		list[i].File = f
	}
	pairs(old, list, func(was, is *notedFile) {
		switch {
		case is == nil || ctx.Err() != nil:
		case was != nil && was.Size == is.Size && was.Mtime == is.Mtime && was.Ctime == is.Ctime && was.Ino == is.Ino && !was.hash.IsZero():
			is.hash = was.hash
		default:
			is.hash = hashOf(fsys.Absolute(dir, is.Path), is.File)
		}
	})
	return list, ctx.Err()
}

func pairs(before, after []notedFile, fn func(was, is *notedFile)) {
	tree.PairsBy(before, after, func(n *notedFile) string { return n.Path }, fn)
}

// hashOf is the hash of a file that still is as f says; zero when it is not.
func hashOf(path string, f tree.File) tree.Digest {
	data, err := fsys.Read(path, max(f.Size, 1)+1)
	if err != nil || int64(len(data)) != f.Size {
		return tree.Digest{}
	}
	if at := fsys.Lstat(path); at.Mtime != f.Mtime || at.Size != f.Size {
		return tree.Digest{}
	}
	return blake3.Sum256(data)
}

// fileCauses lists the files that are not the same in next as in old.
func fileCauses(old, next *Causes) []Cause {
	type change struct {
		was, is             *notedFile
		wasSource, isSource bool
	}
	changes := map[string]change{}
	take := func(source bool) func(was, is *notedFile) {
		return func(was, is *notedFile) {
			if was != nil && is != nil && was.hash == is.hash && (was.Exec == is.Exec || is.hash.IsZero()) {
				return
			}
			name := next.name(cmp.Or(is, was).Path)
			c := changes[name]
			if was != nil {
				c.was, c.wasSource = was, source
			}
			if is != nil {
				c.is, c.isSource = is, source
			}
			changes[name] = c
		}
	}
	pairs(old.others, next.others, take(false))
	pairs(old.sources, next.sources, take(true))
	list := []Cause{}
	for name, c := range changes {
		switch {
		case c.is == nil:
			list = append(list, Cause{Kind: kindOf(name, c.wasSource), Name: name, Old: c.was.text()})
		case c.was != nil && c.was.hash == c.is.hash && !c.is.hash.IsZero() && c.was.Exec != c.is.Exec:
			list = append(list, Cause{Kind: CauseMode, Name: name, Old: mode(c.was), New: mode(c.is)})
		case c.was == nil || c.was.hash != c.is.hash || c.wasSource != c.isSource:
			list = append(list, Cause{Kind: kindOf(name, c.isSource), Name: name, Old: c.was.text(), New: c.is.text()})
		}
	}
	return list
}

// name is what causes call the file path: relative to the capsule below it, else absolute.
func (c *Causes) name(path string) string {
	if full := fsys.Absolute(c.dir, path); !fsys.Inside(c.dir, full) {
		return full
	}
	return path
}

func mode(n *notedFile) string {
	if n.Exec {
		return "executable"
	}
	return "not executable"
}

func kindOf(name string, source bool) CauseKind {
	switch {
	case name == tree.ManifestName:
		return CauseSettings
	case source:
		return CauseSource
	}
	return CauseInput
}

// causesSum is how many bytes of a digest end a note of causes: the machine may have stopped while it was written.
const causesSum = 16

// encode is c as decodeCauses reads it.
func (c *Causes) encode() ([]byte, error) {
	head, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encoding causes: %w", err)
	}
	b := make([]byte, 0, len(head)+100*(len(c.sources)+len(c.others))+causesSum+64)
	b = append(append(b, head...), '\n')
	for _, list := range [][]notedFile{c.sources, c.others} {
		files := make([]tree.File, len(list))
		for i := range list {
			files[i] = list[i].File
		}
		b = tree.AppendFiles(b, files)
		for i := range list {
			b = append(b, list[i].hash[:]...)
		}
	}
	sum := blake3.Sum256(b)
	return append(b, sum[:causesSum]...), nil
}

// decodeCauses is nil for what encode did not write, whole.
func decodeCauses(dir string, data []byte) *Causes {
	head, _, found := bytes.Cut(data, []byte{'\n'})
	end := len(data) - causesSum
	if !found || end < len(head)+1 {
		return nil
	}
	if sum := blake3.Sum256(data[:end]); !bytes.Equal(sum[:causesSum], data[end:]) {
		return nil
	}
	c := &Causes{dir: dir}
	if json.Unmarshal(head, c) != nil || c.Version != causesVersion {
		return nil
	}
	d := &tree.Decoder{Rest: string(data[len(head)+1 : end])}
	for _, list := range []*[]notedFile{&c.sources, &c.others} {
		files := d.Files()
		if d.Failed || len(d.Rest) < len(files)*len(tree.Digest{}) {
			return nil
		}
		*list = make([]notedFile, len(files))
		for i, f := range files {
			n := notedFile{File: f}
			d.Rest = d.Rest[copy(n.hash[:], d.Rest):]
			(*list)[i] = n
		}
	}
	if d.Rest != "" {
		return nil
	}
	return c
}
