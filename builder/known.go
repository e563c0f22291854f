package builder

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/store"
)

// Known is what is recorded of a capsule, held against what is on its disk now.
type Known struct {
	Inputs *Inputs
	Built  time.Time        // when its newest modules were published; zero: never, as far as is recorded
	Failed *finding.Failure // how a build of exactly these inputs failed, or why none can begin
}

// Known examines the capsule in dir and reads its records. It writes nothing.
func (b *Builder) Known(ctx context.Context, dir string) (*Known, error) {
	in, err := b.Examine(ctx, dir)
	if err != nil {
		return nil, err
	}
	k := &Known{Inputs: in, Failed: cmp.Or(in.Verdict, in.ReleaseVerdict)}
	if in.Fault != nil {
		k.Failed = in.Fault
	}
	if last := store.Read(dir); last != nil {
		k.Built = last.Written
	}
	return k, nil
}

// Told are the files outside the sources, absolute, of which the tool that builds the capsule in
// dir has told in an earlier build: what is recorded of it there, and what the store of shared
// results knows of in, which is an examination of it or of a copy.
func (b *Builder) Told(ctx context.Context, dir string, in *Inputs) (list []string) {
	if last := store.Read(dir); last != nil {
		list = append(list, last.Outside...)
	}
	if b.options.Shared != nil && in.Portable != "" {
		if e, _ := b.options.Shared.Find(ctx, in.Portable); e != nil {
			list = append(list, in.Here(e.Reads)...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
