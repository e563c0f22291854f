package calls

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/paths"
)

// Peer is another capsule of the workspace that hears what the called one says.
type Peer struct {
	Name    string `json:"name"`
	Dir     string `json:"dir"`
	Missing string `json:"missing,omitempty"` // why it is not on the bus: what to do; "": it is
}

// meet finds the other capsules on the bus: those that were asked for by hand, where one that is not built, or is
// older than its sources, is a *usage.Error; else those around m, where such a one is left out and told.
func (o Options) meet(ctx context.Context, m *capsule.Manifest) (list []guest.Peer, found []Peer, err error) {
	for _, dir := range o.With {
		_, m, err := Standing(ctx, dir)
		if err != nil {
			return nil, nil, err
		}
		p, err := tools.Peer(m)
		if err != nil {
			return nil, nil, usage.New(fmt.Errorf("--with %s: %w", paths.Short(dir), err))
		}
		list = append(list, p)
	}
	if len(o.With) > 0 || !o.Around {
		return list, nil, nil
	}
	for _, other := range tools.Around(m) {
		one := Peer{Name: other.Package.Name, Dir: other.Dir}
		p, err := tools.Peer(other)
		if err == nil {
			err = current(ctx, other)
		}
		switch {
		case ctx.Err() != nil:
			return nil, nil, ctx.Err()
		case err != nil:
			one.Missing = "it is not built as it stands: astrid-dev build " + paths.Short(other.Dir)
		default:
			list = append(list, p)
		}
		found = append(found, one)
	}
	return list, found, nil
}

// withs are the folders of the other capsules on the bus, as a test of the capsule names them.
func (c *Capsule) withs() (list []string, err error) {
	dirs := c.options.With
	for _, p := range c.around {
		if p.Missing == "" {
			dirs = append(dirs[:len(dirs):len(dirs)], p.Dir)
		}
	}
	for _, dir := range dirs {
		full, err := filepath.Abs(dir)
		if err != nil {
			return nil, err
		}
		rel, err := filepath.Rel(c.Manifest.Dir, full)
		if err != nil {
			return nil, err
		}
		list = append(list, filepath.ToSlash(rel))
	}
	return list, nil
}
