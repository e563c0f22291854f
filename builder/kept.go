package builder

import (
	"maps"

	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/slim"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// What a look at a capsule's sources found is kept for the next process, which then asks for the stat of
// each file alone. It is a cache: losing it costs that every source is read.

// lookLimit is beyond a look at ten million files.
const lookLimit = 1 << 30

// keptAtOnce is up to how many files of a capsule a look is kept with each verdict. In one that is larger this
// would cost more than an edit, so that it is kept at the end.
const keptAtOnce = 2000

// kept reads what was kept, for a Taker; nil where all is to be read.
func kept(o Options) func(dir string) *tree.KeptLook {
	if o.Verify {
		return nil
	}
	return func(dir string) *tree.KeptLook {
		program := slim.Program()
		data, err := store.ReadNote(dir, store.LookNote, lookLimit)
		if err != nil || program == "" {
			return nil
		}
		return tree.Kept(data, program)
	}
}

// keep keeps in's look at the sources, now or at the end. Nothing is made where there is no state folder.
func (b *Builder) keep(in *Inputs) {
	s := in.Sources
	if b.options.Verify || s == nil || s.IsKept() {
		return
	}
	if len(s.Files) > keptAtOnce {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.huge == nil {
			b.huge = map[string]*tree.Snapshot{}
		}
		b.huge[in.Dir] = s
		return
	}
	keepLook(in.Dir, s)
}

// keepHuge keeps what was left for the end.
func (b *Builder) keepHuge() {
	b.mu.Lock()
	looks := maps.Clone(b.huge)
	clear(b.huge)
	b.mu.Unlock()
	for dir, s := range looks {
		keepLook(dir, s)
	}
}

func keepLook(dir string, s *tree.Snapshot) {
	program := slim.Program()
	if program == "" || !store.Made(dir) {
		return
	}
	if data := s.Keep(program); data != nil {
		store.NoteUnsynced(dir, store.LookNote, data)
	}
}
