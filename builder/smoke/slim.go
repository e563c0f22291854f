package smoke

import (
	"context"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/slim"
)

// Most of a capsule in JavaScript is an engine, which is the same after each edit. So a load
// leaves out what is known to be valid and did not run before (package slim). What it says counts
// when it went well to its end; in every other case the whole is loaded.

// slimShare is the part of the time limit that the load of what is left may take.
const slimShare = 4

// past is what loads before this one have left: notes on disk, and what is kept of the newest. Both may be nil.
type past struct {
	notes *slim.Notes
	kept  *engine.Kept
}

// loadKnown is loadWithin, with less to do where an earlier load has left something.
func loadKnown(ctx context.Context, module []byte, o Options, processor func() time.Duration, p past) *Report {
	o.Limits = o.Limits.withDefaults()
	file := p.notes.Read(module)
	if file == nil {
		return loadWithin(ctx, module, o, processor)
	}
	if r := loadSlim(ctx, file, o, processor, p.kept); r != nil {
		r.Size = int64(len(module))
		return r
	}
	w := &work{module: module, options: o, watch: file.Watch}
	r := w.within(ctx, processor)
	if wentWell(r) {
		file.Keep(w.locals)
	}
	return r
}

// loadSlim loads what is left of the file; nil when nothing is left out, and when what came of it
// says nothing of the whole.
func loadSlim(ctx context.Context, file *slim.File, o Options, processor func() time.Duration, kept *engine.Kept) *Report {
	small, left, ok := file.Slim()
	if !ok {
		return nil
	}
	o.Limits.Wall /= slimShare
	w := &work{module: small, options: o, left: left, kept: kept}
	if r := w.within(ctx, processor); wentWell(r) {
		return r
	}
	return nil
}

// notesFor are the notes of loads of module for the release that o names; nil when there can be
// none, and for what is too small for one.
func notesFor(module []byte, o Options, memory *slim.Memory) *slim.Notes {
	if len(module) < slim.Least {
		return nil
	}
	release := astrid.Newest()
	if o.Runtime != "" {
		var err error
		if release, err = astrid.Find(o.Runtime); err != nil {
			return nil
		}
	}
	return slim.For("", release.Features, memory)
}
