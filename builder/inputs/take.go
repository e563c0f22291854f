package inputs

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Options say how inputs are taken.
type Options struct {
	Env      []string                         // the environment of builds
	Jobs     int                              // builds that run in parallel
	Releases func(*capsule.Manifest) []string // those of the runtime that judge a capsule
	// Kept is what an earlier process kept of its newest look at the sources in dir, to be gone by at the first one
	// of this process; nil: nothing is, or all is to be read.
	Kept func(dir string) *tree.KeptLook

	Own string // a folder below the capsule, with slashes, that is the builder's: no input of a build

	// Say receives what a person should know of a capsule; it may be called concurrently.
	Say func(dir string, f finding.Finding)
}

// Taker takes inputs. What it remembers makes the next look cheaper or wider. Use New.
type Taker struct {
	options Options
	git     tree.Cache // what git's indexes track
	indexed sync.Once  // Prepare has had one read

	mu        sync.Mutex                   // guards all below
	learned   map[string][]string          // capsule folder -> outside inputs its toolchain told of
	aged      map[string]map[string]int64  // capsule folder -> what builds made look old; none of the inner maps is changed
	long      map[string]bool              // capsule folders of which somebody was told that paths in them are too long
	looks     map[string]*look             // by capsule folder
	manifests map[string]*capsule.Manifest // the newest of each capsule folder; nil: it could not be used
}

// New returns a Taker that remembers nothing yet.
func New(o Options) *Taker {
	return &Taker{options: o, learned: map[string][]string{}, aged: map[string]map[string]int64{}, long: map[string]bool{}, looks: map[string]*look{}, manifests: map[string]*capsule.Manifest{}}
}

// Known is what the caller knows of a capsule already.
type Known struct {
	Built   bool     // it was built before,
	Outside []string // and its toolchain told of these then

	// Since is an earlier examination of the capsule since whose beginning nothing happened but what events
	// told of Named, absolute; nil: anything may have happened.
	Since *Inputs
	Named []string

	// Refuse says why nothing may be built of a manifest: what stands in the way of
	// publishing. nil: nothing does.
	Refuse func(*capsule.Manifest) *finding.Failure
}

// Take reads a capsule's manifest and hashes everything that a build of it
// depends on. It writes nothing. The error wraps fs.ErrNotExist when there is no manifest, and
// names the file when a source cannot be read. A manifest that is wrong, or a
// tool that is missing, is no error here but a Fault.
func (t *Taker) Take(ctx context.Context, dir string, known Known) (*Inputs, error) {
	in, err := t.read(dir)
	if err != nil {
		return nil, err
	}
	rules, err := tree.Default(dir, t.treeOptions(in))
	if err != nil {
		return nil, fmt.Errorf("reading ignore rules of %s: %w", dir, err)
	}
	if in.Sources, err = t.sources(ctx, dir, rules, known); err != nil {
		return nil, readError(dir, err)
	}
	t.sayTooLong(dir, in.Sources.Files)
	in.aged = t.agedIn(dir)
	if in.Fault == nil && in.Buildable && known.Refuse != nil {
		in.Fault = known.Refuse(in.Manifest)
	}
	in.How = t.recipe(ctx, in)
	read := newReads(in, rules, t.outside(ctx, in, known), t.options.Own)
	if in.Others, err = tree.TakeOthers(ctx, tree.Others{Patterns: read.patterns, Base: dir, Top: rules.Top(), Known: read.known}); err != nil {
		return nil, readError(dir, err)
	}
	read.forget()
	in.Skip, in.Reads, in.Within, in.left = read.skip, read.counts, read.within, rules.Skip
	in.Governs, in.Lock, in.top = rules.Governs, rules.IndexLock(), rules.Top()
	in.Outside = append(watched(dir, read), rules.GitFiles()...) // info/exclude may lie below dir, where nobody looks
	in.SourceHash = in.Sources.Digest.String()
	in.Judges = t.options.Releases(in.Manifest)
	in.key(in.Judges)
	return in, nil
}

// Prepare reads what the first look at the capsule in dir goes by: the manifest, and what an earlier process kept. That
// look holds all of it against the disk, so that it does no harm where something changes meanwhile; what is amiss is
// told by the look.
func (t *Taker) Prepare(dir string) {
	l := t.lookIn(dir)
	select {
	case l.turn <- struct{}{}:
	default:
		return // it is under way
	}
	defer func() { <-l.turn }()
	if l.last != nil {
		return
	}
	in, err := t.read(dir) // it remembers
	t.recall(l, dir)
	if err == nil && l.kept != nil {
		t.indexed.Do(func() { // all capsules of a repository share its index
			if rules, err := tree.Default(dir, t.treeOptions(in)); err == nil {
				rules.Index()
			}
		})
	}
}

// Read is the manifest in dir and no more. The error wraps fs.ErrNotExist when there is none.
func Read(dir string) (*Inputs, error) { return readAgain(dir, nil) }

// read is Read for a manifest that was probably read before: all looks at one that stays the same share it.
func (t *Taker) read(dir string) (*Inputs, error) {
	t.mu.Lock()
	old := t.manifests[dir]
	t.mu.Unlock()
	in, err := readAgain(dir, old)
	if err == nil && in.Manifest != old {
		t.mu.Lock()
		t.manifests[dir] = in.Manifest
		t.mu.Unlock()
	}
	return in, err
}

func readAgain(dir string, old *capsule.Manifest) (*Inputs, error) {
	if err := HasManifest(dir); err != nil {
		return nil, err
	}
	in := &Inputs{Dir: dir, Name: filepath.Base(dir), Taken: time.Now()}
	in.readManifest(old)
	return in, nil
}

// HasManifest fails with fs.ErrNotExist where no regular file makes dir a capsule.
func HasManifest(dir string) error {
	if tree.IsCapsule(dir) {
		return nil
	}
	path := filepath.Join(dir, tree.ManifestName)
	switch info, err := os.Lstat(path); {
	case err != nil:
		return err
	case info.Mode().IsRegular(): // it was written anew just now
		return nil
	}
	return &fs.PathError{Op: "examine", Path: path, Err: fs.ErrNotExist}
}

// readError keeps a source that vanished while it was read from looking like a capsule that is gone.
func readError(dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) && HasManifest(dir) == nil {
		return fmt.Errorf("hashing %s: %v", dir, err)
	}
	return fmt.Errorf("hashing %s: %w", dir, err)
}

func (in *Inputs) readManifest(old *capsule.Manifest) {
	m, err := capsule.LoadAgain(in.Dir, old)
	var wrong *capsule.Error
	switch {
	case errors.As(err, &wrong):
		in.Fault, in.Buildable = &finding.Failure{Step: finding.StepManifest, Findings: wrong.Findings}, true
	case err != nil:
		in.Fault, in.Buildable = &finding.Failure{Step: finding.StepManifest, Findings: []finding.Finding{{
			Code: finding.ManifestUnreadable, File: tree.ManifestName, Message: err.Error(), Hint: "make the file readable"}}}, true
	default:
		in.Manifest, in.Name, in.Buildable = m, m.Package.Name, m.Buildable()
		for _, c := range m.Components {
			in.Publishes = append(in.Publishes, filepath.Join(in.Dir, filepath.FromSlash(c.File)))
		}
	}
}

func (t *Taker) treeOptions(in *Inputs) tree.Options {
	o := tree.Options{Cache: &t.git}
	if in.Manifest == nil {
		return o
	}
	o.Ignore = in.Manifest.Dev.Ignore
	for _, c := range in.Manifest.Components {
		o.Artifacts = append(o.Artifacts, c.File, c.Output)
	}
	o.Artifacts = slices.DeleteFunc(append(o.Artifacts, in.Manifest.Dev.Output), func(s string) bool { return s == "" })
	return o
}

// recipe asks how the capsule would be built. What stands in the way becomes in's Fault.
func (t *Taker) recipe(ctx context.Context, in *Inputs) *toolchain.Recipe {
	if in.Fault != nil || !in.Buildable {
		return nil
	}
	plan, err := toolchain.For(ctx, toolchain.Request{Manifest: in.Manifest, Env: t.options.Env, Jobs: t.options.Jobs})
	if err != nil {
		in.Fault = problem(err)
		return nil
	}
	in.Group = plan.Group
	return plan
}

// problem is err as the capsule's fault.
func problem(err error) *finding.Failure {
	var f *finding.Failure
	if errors.As(err, &f) {
		return f
	}
	return &finding.Failure{Step: finding.StepToolchain, Findings: []finding.Finding{{Code: finding.Toolchain, Message: err.Error()}}}
}

// outside lists the inputs that the rules do not count: those the manifest names and
// those its toolchain told of, wherever they lie, after the last build or, before the first one, now.
func (t *Taker) outside(ctx context.Context, in *Inputs, known Known) []string {
	var list []string
	if in.Manifest != nil {
		list = append(list, in.Manifest.Dev.Inputs...)
	}
	learned, told := t.Learned(in.Dir, known)
	if !told && in.How != nil {
		learned, _ = in.How.Outside(ctx) // what cannot be learned yet is learned after the build
		t.Learn(in.Dir, learned)
	}
	return append(list, learned...)
}

// Learned is what the toolchain told of in earlier builds of dir: of this process, else of the
// last one that is known. ok is false when there was none.
func (t *Taker) Learned(dir string, known Known) (outside []string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if outside, ok = t.learned[dir]; ok {
		return outside, true
	}
	return known.Outside, known.Built
}

// Learn notes the outside inputs that a toolchain told of after a build.
func (t *Taker) Learn(dir string, outside []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.learned[dir] = outside
}

// Age notes files that a build of dir made look old, absolute, with their ctime from then on: one
// that has it still was touched by nobody else.
func (t *Taker) Age(dir string, files map[string]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := maps.Clone(files)
	for path, ctime := range t.aged[dir] {
		if _, again := files[path]; !again {
			all[path] = ctime
		}
	}
	t.aged[dir] = all
}

func (t *Taker) agedIn(dir string) map[string]int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.aged[dir]
}

// key fills in what decides what a build makes: Portable of what means the same everywhere,
// Recipe and Key of that and of what only this machine knows. Settings are in the manifest,
// which is a source.
func (in *Inputs) key(releases []string) {
	runnable := digest(append(in.Sources.Executables(), in.Others.Executables()...)...) // a chmod can mend a build, or break it
	parts := []string{in.SourceHash, in.Others.Digest.String(), runnable}
	for _, l := range in.links {
		parts = append(parts, l.path, l.to)
	}
	files := digest(parts...)
	switch {
	case in.How != nil:
		// The reader wraps, and judges for these releases: another one may come to another result.
		judges := digest(reader.Hash(), strings.Join(releases, " "))
		portable := digest(in.How.Identity.Portable...)
		in.Portable = digest(files, judges, portable)
		in.Recipe = digest(judges, portable, digest(in.How.Identity.Local...))
	case in.Fault != nil:
		in.Recipe = digest("problem", in.Fault.Error())
	}
	in.Key = digest(files, in.Recipe)
	if in.How != nil && in.How.Debug != nil {
		id := in.How.Debug.Identity
		in.DebugKey = digest("debug", in.Key, digest(id.Portable...), digest(id.Local...))
	}
}

// Explain is the rule that leaves path, below the capsule in dir, out of the sources; false when
// none does.
func (t *Taker) Explain(dir, path string) (rule tree.Rule, left bool, err error) {
	in, err := Read(dir)
	if err != nil {
		return rule, false, err
	}
	rules, err := tree.Default(dir, t.treeOptions(in))
	if err != nil {
		return rule, false, err
	}
	info, err := os.Lstat(path)
	rule, left = rules.Explain(path, err == nil && info.IsDir())
	if left && rule.Line == 0 && rule.File == filepath.Join(dir, tree.ManifestName) {
		rule.Line = lineOf(rule.File, rule.Text)
	}
	return rule, left, nil
}

// lineOf is the line of file in which text stands in quotes; 0 when none does.
func lineOf(file, text string) int {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	for i, line := range strings.Split(string(data), "\n") {
		if strings.Contains(line, `"`+text+`"`) || strings.Contains(line, "'"+text+"'") {
			return i + 1
		}
	}
	return 0
}

// hashers are used again: one takes ten kilobytes, and a look needs some.
var hashers = sync.Pool{New: func() any { return blake3.New() }}

// digest is the BLAKE3 of parts, each preceded by its length.
func digest(parts ...string) string {
	h := hashers.Get().(*blake3.Hasher)
	defer hashers.Put(h)
	h.Reset()
	for _, p := range parts {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(p))))
		h.WriteString(p)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// SourceHash is the source hash of dir under its own rules, without asking a
// toolchain. A folder without a manifest has no rules of its own. A manifest
// that is wrong is an error, because its ignore list is unknown then. Files that a line of
// without names, as in a .gitignore, do not count.
func (t *Taker) SourceHash(ctx context.Context, dir string, without ...string) (string, error) {
	in, err := Read(dir)
	switch {
	case err != nil:
		in = &Inputs{Dir: dir}
	case in.Fault != nil:
		return "", in.Fault
	}
	o := t.treeOptions(in)
	o.Ignore = append(slices.Clone(o.Ignore), without...)
	rules, err := tree.Default(dir, o)
	if err != nil {
		return "", fmt.Errorf("reading ignore rules of %s: %w", dir, err)
	}
	sources, err := tree.Take(ctx, dir, rules)
	if err != nil {
		return "", err
	}
	t.sayTooLong(dir, sources.Files)
	return sources.Digest.String(), nil
}
