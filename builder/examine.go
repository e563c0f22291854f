package builder

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Examine reads a capsule's manifest and hashes everything that a build of it
// depends on. It writes nothing. The error wraps fs.ErrNotExist when there is no manifest, and
// names the file when a source cannot be read. A manifest that is wrong, or a
// tool that is missing, is no error here: Build tells of it.
func (b *Builder) Examine(ctx context.Context, dir string) (*Inputs, error) {
	if err := hasManifest(dir); err != nil {
		return nil, err
	}
	in := &Inputs{Dir: dir, Name: filepath.Base(dir), Taken: time.Now(), aged: map[string]int64{}}
	in.readManifest()
	rules, err := tree.Default(dir, b.treeOptions(in))
	if err != nil {
		return nil, fmt.Errorf("reading ignore rules of %s: %w", dir, err)
	}
	if in.Sources, err = tree.Take(ctx, dir, rules); err != nil {
		return nil, readError(dir, err)
	}
	b.sayTooLong(dir, in.Sources.Files)
	last := store.Read(dir)
	b.refuse(ctx, in, last)
	plan := b.plan(ctx, in)
	in.how = plan
	read := newReads(in, rules, b.outside(ctx, in, plan, last), plan)
	if in.Others, err = tree.TakeOthers(ctx, tree.Others{Patterns: read.patterns, Base: dir, Top: rules.Top(), Known: read.known}); err != nil {
		return nil, readError(dir, err)
	}
	in.Skip, in.Reads, in.Within, in.left = read.skip, read.counts, read.within, rules.Skip
	in.Governs, in.Lock = rules.Governs, rules.IndexLock()
	in.Outside = append(watched(dir, read), rules.GitFiles()...) // info/exclude may lie below dir, where nobody looks
	in.SourceHash = in.Sources.Digest.String()
	in.key(plan, b.Releases(in.manifest))
	if last != nil {
		in.Last = last.SourceHash
		in.Current = b.standing(dir, in.Key)
	}
	if in.problem == nil && in.Buildable && in.Current == nil {
		in.Verdict = b.verdict(dir, in.Key)
	}
	return in, nil
}

// standing is what stands published in dir, whole and built from key; nil when it does not.
func (b *Builder) standing(dir, key string) *Published {
	last := store.Read(dir)
	if last == nil || last.Key != key || !b.accepts(last) || !b.store.Intact(dir, last.Modules) {
		return nil
	}
	return published(dir, last)
}

func hasManifest(dir string) error {
	path := filepath.Join(dir, tree.ManifestName)
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "examine", Path: path, Err: fs.ErrNotExist}
	}
	return nil
}

// readError keeps a source that vanished while it was read from looking like a capsule that is gone.
func readError(dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) && hasManifest(dir) == nil {
		return fmt.Errorf("hashing %s: %v", dir, err)
	}
	return fmt.Errorf("hashing %s: %w", dir, err)
}

func (in *Inputs) readManifest() {
	m, err := capsule.Load(in.Dir)
	var wrong *capsule.Error
	switch {
	case errors.As(err, &wrong):
		in.problem, in.Buildable = &finding.Failure{Step: finding.StepManifest, Findings: wrong.Findings}, true
	case err != nil:
		in.problem, in.Buildable = &finding.Failure{Step: finding.StepManifest, Findings: []finding.Finding{{
			Code: finding.ManifestUnreadable, File: tree.ManifestName, Message: err.Error(), Hint: "make the file readable"}}}, true
	default:
		in.manifest, in.Name, in.Buildable = m, m.Package.Name, m.Buildable()
		for _, c := range m.Components {
			in.Publishes = append(in.Publishes, filepath.Join(in.Dir, filepath.FromSlash(c.File)))
		}
	}
}

// refuse finds out whether a build could be staged and published at all, without costing
// somebody a file.
func (b *Builder) refuse(ctx context.Context, in *Inputs, last *store.Record) {
	if in.problem != nil || !in.Buildable {
		return
	}
	files := in.files()
	if b.Verify {
		files = nil // nothing will be published
	}
	err := store.Check(in.Dir, files, last)
	var refused *store.Refusal
	if errors.As(err, &refused) {
		errors.As(stageFailure(ctx, in.Dir, err), &in.problem)
	}
}

// files are where in's manifest has modules published, below its folder.
func (in *Inputs) files() (list []string) {
	for _, c := range in.manifest.Components {
		list = append(list, c.File)
	}
	return list
}

// Problem is what makes a build impossible before it begins: a broken manifest, a missing
// tool, a path that is not ours to write to; nil when nothing does.
func (in *Inputs) Problem() *finding.Failure { return in.problem }

func (b *Builder) treeOptions(in *Inputs) tree.Options {
	o := tree.Options{Cache: &b.git}
	if in.manifest == nil {
		return o
	}
	o.Ignore = in.manifest.Dev.Ignore
	for _, c := range in.manifest.Components {
		o.Artifacts = append(o.Artifacts, c.File, c.Output)
	}
	o.Artifacts = slices.DeleteFunc(append(o.Artifacts, in.manifest.Dev.Output), func(s string) bool { return s == "" })
	return o
}

// plan asks how the capsule would be built. What stands in the way becomes in's problem.
func (b *Builder) plan(ctx context.Context, in *Inputs) *toolchain.Recipe {
	if in.problem != nil || !in.Buildable {
		return nil
	}
	plan, err := toolchain.For(ctx, toolchain.Request{Manifest: in.manifest, Env: b.Env, Jobs: b.Jobs})
	if err != nil {
		in.problem = asProblem(err)
		return nil
	}
	in.Group = plan.Group
	return plan
}

func asProblem(err error) *finding.Failure {
	var f *finding.Failure
	if errors.As(err, &f) {
		return f
	}
	return &finding.Failure{Step: finding.StepToolchain, Findings: []finding.Finding{{Code: finding.Toolchain, Message: err.Error()}}}
}

// outside lists the inputs that the rules do not count: those the manifest names and
// those its toolchain told of, wherever they lie, after the last build or, before the first one, now.
func (b *Builder) outside(ctx context.Context, in *Inputs, plan *toolchain.Recipe, last *store.Record) []string {
	var list []string
	if in.manifest != nil {
		list = append(list, in.manifest.Dev.Inputs...)
	}
	learned, known := b.known(in.Dir, last)
	if !known && plan != nil && plan.Outside != nil {
		learned, _ = plan.Outside(ctx) // what cannot be learned yet is learned after the build
		b.learn(in.Dir, learned)
	}
	return append(list, learned...)
}

// known is what the toolchain told of in earlier builds: in this process, else as last, the
// newest record, has it. ok is false when there was none.
func (b *Builder) known(dir string, last *store.Record) (learned []string, ok bool) {
	b.mu.Lock()
	learned, ok = b.learned[dir]
	b.mu.Unlock()
	if !ok && last != nil {
		return last.Outside, true
	}
	return learned, ok
}

func (b *Builder) learn(dir string, outside []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.learned[dir] = outside
}

// key fills in what decides what a build makes: Portable of what means the same everywhere,
// Recipe and Key of that and of what only this machine knows. Settings are in the manifest,
// which is a source.
func (in *Inputs) key(recipe *toolchain.Recipe, releases []string) {
	runnable := digest(append(in.Sources.Executables(), in.Others.Executables()...)...) // a chmod can mend a build, or break it
	files := digest(in.SourceHash, in.Others.Digest.String(), runnable)
	switch {
	case recipe != nil:
		// The reader wraps, and judges for these releases: another one may come to another result.
		judges := digest(reader.Hash(), strings.Join(releases, " "))
		portable := digest(recipe.Identity.Portable...)
		in.Portable = digest(files, judges, portable)
		in.Recipe = digest(judges, portable, digest(recipe.Identity.Local...))
	case in.problem != nil:
		in.Recipe = digest("problem", in.problem.Error())
	}
	in.Key = digest(files, in.Recipe)
}

// digest is the BLAKE3 of parts, each preceded by its length.
func digest(parts ...string) string {
	h := blake3.New()
	for _, p := range parts {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(p))))
		h.WriteString(p)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// accepts reports whether r's modules are good enough: another builder may have
// been less strict when it published them.
func (b *Builder) accepts(r *store.Record) bool {
	return !b.Strict || !slices.ContainsFunc(reports(r), func(report *smoke.Report) bool { return report == nil || !report.KernelReady })
}

// SourceHash is the source hash of dir under its own rules, without asking a
// toolchain. A folder without a manifest has no rules of its own. A manifest
// that is wrong is an error, because its ignore list is unknown then.
func (b *Builder) SourceHash(ctx context.Context, dir string) (string, error) {
	in := &Inputs{Dir: dir}
	if hasManifest(dir) == nil {
		if in.readManifest(); in.problem != nil {
			return "", in.problem
		}
	}
	rules, err := tree.Default(dir, b.treeOptions(in))
	if err != nil {
		return "", fmt.Errorf("reading ignore rules of %s: %w", dir, err)
	}
	sources, err := tree.Take(ctx, dir, rules)
	if err != nil {
		return "", err
	}
	b.sayTooLong(dir, sources.Files)
	return sources.Digest.String(), nil
}
