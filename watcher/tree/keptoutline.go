package tree

import (
	"cmp"
	"slices"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// outlineFormat is what a kept outline begins with.
const outlineFormat = "outline 1\n"

// News reports whether o has what the kept outline does not have that its search, or one before it, went by.
func (o *Outline) News() bool { return o != nil && o.news }

// Keep is what KeptOutline makes o of again in a later process; nil where times tell nothing.
func (o *Outline) Keep() []byte {
	if o == nil || o.dev == 0 {
		return nil
	}
	paths := make([]string, 0, len(o.folders))
	for path := range o.folders {
		paths = append(paths, path)
	}
	slices.SortFunc(paths, cmp.Compare)
	b := appendNumbers([]byte(outlineFormat), int64(o.dev), int64(len(paths)))
	for _, path := range paths {
		f := o.folders[path]
		is := int64(0)
		if f.capsule {
			is = 1
		}
		b = appendNumbers(appendText(b, path), int64(f.stat.id.Ino), f.stat.mtime, f.stat.ctime, is)
		b = appendTexts(b, f.folders)
	}
	return sealed(b)
}

// KeptOutline is the outline of which Keep made data; one that knows nothing unless data is whole. A search that goes
// by it asks for the stat of each folder, as if it were of this process.
func KeptOutline(data []byte) *Outline {
	none := &Outline{}
	body, whole := unsealed(data, outlineFormat)
	if !whole {
		return none
	}
	d := &Decoder{Rest: body}
	o := &Outline{dev: uint64(d.number())}
	count := d.number()
	if d.Failed || count < 0 || count > int64(len(d.Rest)) {
		return none
	}
	o.folders = make(map[string]outlined, count)
	for range count {
		path := d.text()
		f := outlined{stat: stamp{id: fsys.Identity{Dev: o.dev, Ino: uint64(d.number())}, mtime: d.number(), ctime: d.number()}}
		f.capsule, f.folders = d.number() == 1, d.texts()
		if d.Failed {
			return none
		}
		o.folders[path] = f
	}
	return o
}
