package guest

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/slim"
)

// Most of a capsule in JavaScript is an engine, which is the same after each edit. So a player begins with a module of which
// the code is left out that earlier ones have checked and did not run (package slim). As long as nothing
// that was left out is called, what ran is what the whole would have run. When it is called, or anything else goes amiss, the whole is
// loaded, and played up to where the other one was: the world is in memory, with its own clock and dice, so that it
// plays the same again. That is compared. Where a world reaches out of memory, the whole is loaded from the start.
type player struct {
	module  []byte
	options Options
	notes   *slim.Notes // nil: nothing is left out, and nothing noted
	kept    *engine.Kept
	file    *slim.File
	now     *session
	slim    bool // code is left out of now
	missed  bool // some of it was called

	scene []request // since the world began, while slim
	told  []string  // what came of each

	requests int    // that the whole has had
	noted    int    // functions that are known to run
	peak     uint64 // of memory, in all of its worlds
}

const (
	// slimShare is the part of its time that a request may take while code is left out.
	slimShare = 4
	// longest is how many requests are played again at most.
	longest = 16
)

// newPlayer loads a module as o says. Without notes all of it is loaded. kept has what was made of the one before; it may be nil.
func newPlayer(ctx context.Context, module []byte, o Options, notes *slim.Notes, kept *engine.Kept) (*player, error) {
	p := &player{module: module, options: o, kept: kept}
	if !o.Compile && confined(o.Host, o.Peers) {
		p.notes = notes
	}
	if p.openSlim(ctx) {
		return p, nil
	}
	if err := p.whole(ctx); err != nil {
		return nil, err
	}
	return p, p.now.meet(ctx, o.Peers)
}

// confined reports whether a world is the same whenever it is played: nobody outside of this process is in it.
func confined(o host.Options, peers []Peer) bool {
	return len(o.AllowNet) == 0 && !o.AllowProcess && len(peers) == 0
}

// notesFor are the notes of modules that are called, which run more of an engine than those that are smoke-loaded.
func notesFor(o Options, memory *slim.Memory) *slim.Notes {
	release, err := releaseOf(o)
	if err != nil {
		return nil
	}
	return slim.For("called ", release.Features, memory)
}

func (p *player) openSlim(ctx context.Context) bool {
	if p.file = p.notes.Read(p.module); p.file == nil {
		return false
	}
	small, left, ok := p.file.Slim()
	if !ok {
		return false
	}
	o := p.options
	o.Limits = o.Limits.withDefaults()
	o.Limits.Wall /= slimShare
	s, err := loaded(ctx, small, o, left, p.file.Missing(func() { p.missed = true }), p.kept)
	if err != nil || s.runLoop() { // a loop runs on between requests
		return false
	}
	p.now, p.slim = s, true
	return true
}

// whole loads all of the module.
func (p *player) whole(ctx context.Context) (err error) {
	if p.now != nil {
		p.now.close()
	}
	p.slim, p.file = false, p.notes.Read(p.module)
	var watch engine.Watch
	o := p.options
	if p.file != nil {
		watch, p.noted = p.file.Watch, p.file.Ran()
		o.Checked = false // what is noted to be valid was validated here
	}
	p.now, err = loaded(ctx, p.module, o, slim.Left{}, watch, nil)
	return err
}

// close frees all of it. What the next player needs is kept, where nothing went amiss.
func (p *player) close() {
	if p.slim && p.kept != nil {
		p.now.keep(p.kept)
		return
	}
	p.now.close()
}

// do carries out one request.
func (p *player) do(ctx context.Context, q request) *Outcome {
	o := p.play(ctx, q)
	p.peak = max(p.peak, o.Memory)
	o.Memory = p.peak
	return o
}

func (p *player) play(ctx context.Context, q request) *Outcome {
	if q.World != nil {
		p.scene, p.told = nil, nil
	}
	if p.slim && (len(p.scene) == longest || q.World != nil && !confined(*q.World, q.Peers)) {
		if failed := p.again(ctx); failed != nil {
			return failed
		}
	}
	if !p.slim {
		return p.doWhole(ctx, q)
	}
	o := p.now.guarded(ctx, q)
	if !p.missed && o.Error == "" && o.Trap == nil && !o.Late {
		p.scene, p.told = append(p.scene, q), append(p.told, o.told())
		return o
	}
	if failed := p.again(ctx); failed != nil {
		return failed
	}
	return p.doWhole(ctx, q)
}

// again loads the whole, and plays what was played. It is nil when the whole stands where the other one stood.
func (p *player) again(ctx context.Context) *Outcome {
	if err := p.whole(ctx); err != nil {
		return &Outcome{Error: err.Error()}
	}
	for i, q := range p.scene {
		if p.doWhole(ctx, q).told() != p.told[i] { // a file of the capsule's folder, which it may read
			return &Outcome{Error: "what it reads changed while it was called: call it again"}
		}
	}
	return nil
}

// doWhole carries out a request with all of the code, and notes which of it ran.
func (p *player) doWhole(ctx context.Context, q request) *Outcome {
	o := p.now.guarded(ctx, q)
	p.requests++
	seldom := p.requests&(p.requests-1) == 0 // a note has the size of the engine
	if p.file != nil && seldom && o.Error == "" && p.file.Ran() > p.noted {
		p.file.Keep(p.now.reading.Locals)
		p.noted = p.file.Ran()
	}
	return o
}

// told is all of an outcome but what depends on the hour, on the child and on worlds before.
func (o *Outcome) told() string {
	same := *o
	same.ID, same.Millis, same.Memory, same.Worn = 0, 0, 0, false
	same.Record.Calls = slices.Clone(o.Record.Calls)
	for i := range same.Record.Calls {
		same.Record.Calls[i].Took = 0
	}
	text, _ := json.Marshal(same) // it was made to be written
	return string(text)
}
