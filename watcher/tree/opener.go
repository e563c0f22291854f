package tree

import (
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// opener opens folders of a tree, each from the one above it, and keeps those open that the next
// file probably lies in. The zero opener of a root is ready.
type opener struct {
	root string
	open []opened // each in the one before it
}

type opened struct {
	path string
	dir  *fsys.Dir
}

// folder is the folder at path, valid until the next call.
func (o *opener) folder(path string) (*fsys.Dir, error) {
	if len(o.open) == 0 {
		d, err := fsys.OpenDir(o.root)
		if err != nil {
			return nil, err
		}
		o.open = append(o.open, opened{"", d})
	}
	for {
		top := o.open[len(o.open)-1]
		if top.path == path {
			return top.dir, nil
		}
		rest, below := path, top.path == ""
		if !below {
			rest, below = strings.CutPrefix(path, top.path+"/")
		}
		if !below {
			top.dir.Release()
			o.open = o.open[:len(o.open)-1]
			continue
		}
		name, _, _ := strings.Cut(rest, "/")
		d, err := top.dir.Open(name)
		if err != nil {
			return nil, err
		}
		o.open = append(o.open, opened{path[:len(path)-len(rest)+len(name)], d})
	}
}

func (o *opener) end() {
	for _, at := range o.open {
		at.dir.Release()
	}
}
