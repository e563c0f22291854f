package builder

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/inputs"
	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/builder/store"
)

// taken is what another machine made of the inputs, in this build's folder.
type taken struct {
	entry *shared.Entry
	files []string // the modules, in the entry's order
	again bool     // it is built here as well, and compared
}

// lookups is how often a tool's word on what else it read may lead to another key: once, as a
// rule, and once more where that word depends on what was read.
const lookups = 3

// fetch looks for what another machine or checkout made of s's inputs; nil when there is nothing
// that counts. Where another process is making it, fetch waits for that; what nobody makes is s's to
// make, until unclaim.
func (b *Builder) fetch(ctx context.Context, s *Staged) *taken {
	if b.options.Shared == nil || s.Before.Portable == "" {
		return nil
	}
	found, missing := b.look(ctx, s)
	if found == nil && s.Before.Quality != Debug && b.claim(ctx, s, missing) {
		if found, _ = b.look(ctx, s); found != nil {
			s.unclaim()
		}
	}
	if found == nil {
		b.options.Shared.Miss()
	}
	return found
}

// claim has s make what others wait for, and reports whether others may have made something since
// s looked: while s waited for them, or, where nothing was there, between its look and its claim. Who
// has waited in vain, because what the other one made failed or may not be shared, makes it too,
// beside all who waited: nobody waits for more than one build.
func (b *Builder) claim(ctx context.Context, s *Staged, missing bool) (perhaps bool) {
	release, waited := b.options.Shared.Claim(ctx, s.Before.Portable, func() {
		b.options.Say(s.Before.Dir, finding.Finding{Code: finding.WaitingForLock, Severity: finding.Warning,
			Message: "another astrid-dev is building the same in another checkout", Hint: "waiting for its result"})
	})
	if release == nil {
		return waited
	}
	if waited {
		release()
		return true
	}
	s.claimed = release
	return missing
}

// unclaim lets others make what s has not made, or take what it has.
func (s *Staged) unclaim() {
	if s.claimed != nil {
		s.claimed()
		s.claimed = nil
	}
}

// look is fetch, without waiting. missing says that nothing was there.
func (b *Builder) look(ctx context.Context, s *Staged) (found *taken, missing bool) {
	in := s.Before
	entry, missing := b.find(ctx, in)
	if entry == nil || !fits(entry, in) {
		return nil, missing
	}
	files, ok := b.options.Shared.Fetch(ctx, entry, filepath.Join(s.work, store.WorkShared))
	if !ok {
		return nil, false
	}
	return &taken{entry, files, b.options.Shared.Hit(entry)}, false
}

// find asks for the key of in. Where the tool tells only after a build what else it reads, the
// entry names these files: what they hold here makes the key that counts. missing says that nothing was there.
func (b *Builder) find(ctx context.Context, in *Inputs) (entry *shared.Entry, missing bool) {
	key := in.Portable
	for range lookups {
		entry, missing = b.options.Shared.Find(ctx, key)
		if entry == nil || entry.Whole == key {
			return entry, missing
		}
		b.inputs.Learn(in.Dir, in.Here(entry.Reads))
		whole, err := b.inputs.Take(ctx, in.Dir, inputs.Known{})
		if err != nil || whole.Portable == key {
			return nil, false
		}
		if key = whole.Portable; key == entry.Whole {
			return entry, false
		}
	}
	return nil, false
}

// fits reports whether an entry's modules are those that the manifest names, in its order.
func fits(e *shared.Entry, in *Inputs) bool {
	return slices.EqualFunc(e.Modules, in.Manifest.Components, func(m shared.Module, c capsule.Component) bool {
		return m.Component == c.ID && m.File == c.File
	})
}

// adopt stages what another machine made, and loads it here, as if it had been built. False
// when it does not load, or our own reader judges it otherwise: then it is built.
func (b *Builder) adopt(ctx context.Context, s *Staged, t *taken) bool {
	before := slices.Clone(s.Findings)
	s.learned = s.Before.Here(t.entry.Reads)
	b.inputs.Learn(s.Before.Dir, s.learned)
	s.told = t.entry.Findings
	s.Findings = append(s.Findings, t.entry.Findings...)
	for i, m := range t.entry.Modules {
		s.Modules = append(s.Modules, StagedModule{ID: m.Component, File: m.File, Path: t.files[i], Hash: m.BLAKE3, Size: m.Size})
	}
	s.Shared = true
	ready, err := b.children(s.Before)
	if err == nil {
		defer ready.leave()
		err = b.judge(ctx, s, ready)
	}
	if err == nil && slices.EqualFunc(t.entry.Judged, judgements(s), judgedAlike) {
		return true
	}
	s.Shared = false
	if why := refusal(s, err); why != "" && ctx.Err() == nil {
		before = append(before, finding.Finding{Code: finding.SharedRefused, Severity: finding.Warning,
			Message: "the result of another machine or checkout " + why, Hint: "it was built here instead"})
	}
	s.reset(before)
	return false
}

// refusal is what a load here that failed with err, or judged otherwise, says against another machine's result; "" where it says
// nothing: the machine was too busy, the load was stopped for a while (SIGSTOP), or its process was killed.
func refusal(s *Staged, err error) string {
	var failure *finding.Failure
	switch {
	case errors.As(err, &failure) && !lasting(failure):
		return ""
	case err != nil:
		return "cannot be used here: " + err.Error()
	case slices.ContainsFunc(s.Findings, func(f finding.Finding) bool { return f.Code == finding.SmokeSlow }):
		return ""
	}
	return "is judged otherwise here"
}

func judgements(s *Staged) (list []shared.Judgement) {
	for _, m := range s.Modules {
		list = append(list, shared.Judgement{Kind: string(m.Report.Kind), Loads: m.Report.Loads, KernelReady: m.Report.KernelReady, Runtimes: m.Report.Runtimes})
	}
	return list
}

func judgedAlike(a, b shared.Judgement) bool {
	return a.Kind == b.Kind && a.Loads == b.Loads && a.KernelReady == b.KernelReady && slices.Equal(a.Runtimes, b.Runtimes)
}

// compare holds what was built against what another machine made of the same.
func (b *Builder) compare(s *Staged, t *taken) {
	if t == nil || !t.again {
		return
	}
	for i, m := range s.Modules {
		if was := t.entry.Modules[i]; was.BLAKE3 != m.Hash {
			b.options.Shared.Differed()
			s.Findings = append(s.Findings, finding.Finding{Code: finding.SharedDiffers, Severity: finding.Warning, File: m.File,
				Message: fmt.Sprintf("a shared result was built again, and came out otherwise: %s has BLAKE3 %s there and %s here (%s made it)", m.File, was.BLAKE3, m.Hash, t.entry.Tool),
				Hint:    "what was built here counts; verify --repro says where the build is not reproducible"})
			finding.Sort(s.Findings)
			return
		}
	}
}

// offer shares what was built from inputs that did not move. What its author put there, and
// no build makes, is nobody's result.
func (b *Builder) offer(ctx context.Context, s *Staged) {
	if b.options.Shared == nil || !b.options.Shared.Offers() || s.Shared || s.Elsewhere || s.Before.Portable == "" || s.Before.Quality == Debug || !s.sound() || s.After.Portable == "" {
		return
	}
	e := shared.Entry{Key: s.Before.Portable, Whole: s.After.Portable, Reads: s.After.Portably(s.learned), Findings: s.told, Judged: judgements(s), Took: s.BuildTime}
	var paths []string
	for _, m := range s.Modules {
		if m.Found {
			return
		}
		e.Modules = append(e.Modules, shared.Module{Component: m.ID, File: m.File})
		paths = append(paths, m.Path)
	}
	b.options.Shared.Offer(ctx, e, paths, private(s.Before))
}

// private are the paths that no other checkout has: as they are spelled, and as they really are.
func private(in *Inputs) []string {
	list := []string{in.Dir, in.Top()}
	for _, path := range slices.Clone(list) {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			list = append(list, real)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
