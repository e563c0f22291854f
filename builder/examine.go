package builder

import (
	"context"
	"errors"
	"slices"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/inputs"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
)

// Examine reads a capsule's manifest and hashes everything that a build of it
// depends on. It writes nothing. The error wraps fs.ErrNotExist when there is no manifest, and
// names the file when a source cannot be read. A manifest that is wrong, or a
// tool that is missing, is no error here: Build tells of it.
func (b *Builder) Examine(ctx context.Context, dir string) (*Inputs, error) {
	return b.ExamineTold(ctx, dir, nil)
}

// Told is what events told of since an examination of a capsule began.
type Told struct {
	Since *Inputs
	Paths []string // absolute; nothing happened but there
}

// ExamineTold is Examine where told, unless it is nil, says what may have changed among the sources.
func (b *Builder) ExamineTold(ctx context.Context, dir string, told *Told) (*Inputs, error) {
	last := b.store.Read(dir)
	before := known(last)
	if told != nil {
		before.Since, before.Named = &told.Since.Inputs, told.Paths
	}
	before.Refuse = func(m *capsule.Manifest) *finding.Failure { return b.refuse(ctx, m, last.Again(dir)) }
	taken, err := b.inputs.Take(ctx, dir, before)
	if err != nil {
		return nil, err
	}
	in := &Inputs{Inputs: *taken}
	if in.Quality = Release; b.options.Debug && in.DebugKey != "" {
		in.Quality = Debug
	}
	if last != nil {
		in.Last = last.SourceHash
		in.Current = b.current(in, last.Again(dir))
	}
	if in.Fault == nil && in.Buildable && in.Current == nil {
		in.Verdict = b.verdict(dir, in.keyFor(in.Quality))
	}
	if in.Quality == Debug && (in.Current == nil || in.Current.Quality == Debug) {
		in.ReleaseVerdict = b.verdict(dir, in.Key)
	}
	return in, nil
}

// known is what a record knows of a capsule's inputs; nil is of none.
func known(last *store.Record) inputs.Known {
	if last == nil {
		return inputs.Known{}
	}
	return inputs.Known{Built: true, Outside: last.Outside}
}

// Prepare reads what the first examinations of the capsules in dirs go by, while nothing may be examined yet. They hold
// it against the disk.
func (b *Builder) Prepare(ctx context.Context, dirs []string) {
	for _, dir := range dirs {
		if ctx.Err() != nil {
			return
		}
		b.store.Prepare(dir)
		b.inputs.Prepare(dir)
	}
}

// Forget has the next examination of the capsules in dirs read every source, whatever its times say.
func (b *Builder) Forget(dirs []string) { b.inputs.Forget(dirs) }

// SourceHash is the source hash of dir under its own rules, without asking a
// toolchain. A folder without a manifest has no rules of its own. A manifest
// that is wrong is an error, because its ignore list is unknown then.
func (b *Builder) SourceHash(ctx context.Context, dir string) (string, error) {
	return b.inputs.SourceHash(ctx, dir)
}

// CodeHash is SourceHash without the files of tests, which no build reads.
func (b *Builder) CodeHash(ctx context.Context, dir string) (string, error) {
	return b.inputs.SourceHash(ctx, dir, tests.Pattern)
}

// current is what stands published, by the record last, and was built from in: a release where there is one, and
// where in asks for no more, a debug module.
func (b *Builder) current(in *Inputs, last *store.Record) *Published {
	if p := b.standing(in.Dir, in.Key, last); p != nil || in.Quality != Debug {
		return p
	}
	return b.standing(in.Dir, in.DebugKey, last)
}

// standing is what stands published in dir, whole and recorded by last under key; nil when it does not.
func (b *Builder) standing(dir, key string, last *store.Record) *Published {
	if last == nil || last.Key != key || !b.accepts(last) || !b.store.Intact(dir, last.Modules) {
		return nil
	}
	return published(dir, last)
}

// refuse finds out whether a build could be staged and published at all, without costing
// somebody a file.
func (b *Builder) refuse(ctx context.Context, m *capsule.Manifest, last *store.Record) (f *finding.Failure) {
	files := m.Files()
	if b.options.Verify {
		files = nil // nothing will be published
	}
	err := store.Check(m.Dir, files, last)
	var refused *store.Refusal
	if errors.As(err, &refused) {
		errors.As(stageFailure(ctx, m.Dir, err), &f)
	}
	return f
}

// accepts reports whether r's modules are good enough: another builder may have
// been less strict when it published them.
func (b *Builder) accepts(r *store.Record) bool {
	return !b.options.Strict || !slices.ContainsFunc(reports(r), func(report *smoke.Report) bool {
		return report == nil || !report.KernelReady || len(report.ToolFindings) > 0
	})
}
