package builder

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Cause is one thing that differs between the inputs of two verdicts.
type Cause struct {
	Kind CauseKind `json:"kind"`
	Name string    `json:"name"`          // a file relative to the capsule below it, else absolute; a variable; what a tool says of itself
	Old  string    `json:"old,omitempty"` // its hash before; "": it was not there, or is not known
	New  string    `json:"new,omitempty"`
}

// CauseKind is what kind of thing differs.
type CauseKind string

// The kinds of causes.
const (
	CauseSource   CauseKind = "source"      // a file that the rules count
	CauseSettings CauseKind = "settings"    // Capsule.toml
	CauseInput    CauseKind = "input"       // a file elsewhere, or that the rules leave out
	CauseMode     CauseKind = "mode"        // the executable bit of a file
	CauseVariable CauseKind = "environment" // a variable that steers the tool
	CauseTool     CauseKind = "tool"        // a tool, its version, the command
	CauseRuntime  CauseKind = "runtime"     // the releases of the runtime that judge, or the judge itself
	CauseFault    CauseKind = "fault"       // what makes a build impossible
)

// Causes is why a verdict was due, as it is recorded.
type Causes struct {
	Version int       `json:"version"`
	Key     string    `json:"key"`    // of the verdict's inputs
	At      time.Time `json:"at"`     // when it was given
	First   bool      `json:"first"`  // nothing was recorded before it
	Causes  []Cause   `json:"causes"` // what differed from the verdict before; empty: nothing did
	Recipe  []string  `json:"recipe"`

	dir             string      // the capsule's folder
	sources, others []notedFile // all files that it went by, each list by path
}

const (
	causesVersion = 2
	causesLimit   = 256 << 20
)

// NoteCauses records what a verdict on in goes by, and in what that differs from the verdict before. It
// reads the files that were touched since then. It may be called beside everything else; what
// cannot be written leaves the older note.
func (b *Builder) NoteCauses(ctx context.Context, in *Inputs) {
	defer b.noting(in.Dir)()
	b.keep(in)
	if store.NoteBegins(in.Dir, store.CauseNote, causesHead(in.Key)) || !store.Made(in.Dir) {
		return
	}
	old := readCauses(in.Dir)
	next, err := causesOf(ctx, old, in)
	if err != nil {
		return
	}
	next.At, next.First = time.Now(), old == nil
	if old != nil {
		next.Causes = differ(old, next)
	}
	if data, err := next.encode(); err == nil {
		store.NoteUnsynced(in.Dir, store.CauseNote, data)
	}
}

// Why is why the newest verdict on the capsule in dir was due, and in what its inputs differ now. Either
// is nil when nothing is recorded.
func (b *Builder) Why(ctx context.Context, dir string) (last *Causes, now []Cause, err error) {
	in, err := b.Examine(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	if last = readCauses(dir); last == nil || last.Key == in.Key {
		return last, nil, nil
	}
	next, err := causesOf(ctx, last, in)
	if err != nil {
		return nil, nil, err
	}
	return last, differ(last, next), nil
}

// causesHead is what a note of the causes of a verdict on the inputs with that key begins with. A thousand
// capsules that are as they were tell by that alone that there is nothing to note.
func causesHead(key string) string { return fmt.Sprintf(`{"version":%d,"key":%q,`, causesVersion, key) }

func readCauses(dir string) *Causes {
	data, err := store.ReadNote(dir, store.CauseNote, causesLimit)
	if err != nil {
		return nil
	}
	return decodeCauses(dir, data)
}

// causesOf is what in goes by. The hash of a file that old knows is not taken again.
func causesOf(ctx context.Context, old *Causes, in *Inputs) (*Causes, error) {
	if old == nil {
		old = &Causes{}
	}
	c := &Causes{Version: causesVersion, Key: in.Key, Recipe: recipeOf(in), dir: in.Dir}
	there := slices.DeleteFunc(slices.Clone(in.Others.Files), func(f tree.File) bool { return f.Size == tree.Absent })
	var err error
	if c.others, err = noteFiles(ctx, in.Dir, old.others, there); err != nil {
		return nil, err
	}
	c.sources, err = noteFiles(ctx, in.Dir, old.sources, in.Sources.Files)
	return c, err
}

// variable is an entry of an environment.
var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// recipeOf is what in's key holds beside files. Of variables only the names are kept, and whether
// their values are the same: they may be secrets.
func recipeOf(in *Inputs) (list []string) {
	if in.Fault != nil {
		return []string{"fault " + in.Fault.Error()}
	}
	if in.How == nil {
		return nil
	}
	for _, part := range slices.Concat(in.How.Identity.Portable, in.How.Identity.Local) {
		if variable.MatchString(part) {
			name, value, _ := strings.Cut(part, "=")
			sum := blake3.Sum256([]byte(value))
			part = fmt.Sprintf("%s=%x", name, sum[:8])
		}
		list = append(list, part)
	}
	for _, link := range in.Links() {
		list = append(list, "link "+link)
	}
	for _, release := range in.Judges {
		list = append(list, "runtime "+release)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// differ lists what is not the same in next as in old.
func differ(old, next *Causes) []Cause {
	list := fileCauses(old, next)
	for _, part := range []struct {
		from, to []string
		gone     bool
	}{{next.Recipe, old.Recipe, false}, {old.Recipe, next.Recipe, true}} {
		for _, text := range part.from {
			if !slices.Contains(part.to, text) {
				list = append(list, recipeCause(text, part.gone))
			}
		}
	}
	slices.SortFunc(list, func(a, b Cause) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name), strings.Compare(a.Old, b.Old))
	})
	return merged(list)
}

// recipeCause is one part of a recipe that came, or is gone.
func recipeCause(text string, gone bool) Cause {
	c := Cause{Kind: CauseTool, Name: text}
	value := "is there"
	switch {
	case strings.HasPrefix(text, "fault "):
		c = Cause{Kind: CauseFault, Name: strings.TrimPrefix(text, "fault ")}
	case strings.HasPrefix(text, "runtime "):
		c = Cause{Kind: CauseRuntime, Name: strings.TrimPrefix(text, "runtime ")}
	case strings.HasPrefix(text, "link "):
		c.Kind = CauseSource
		c.Name, value, _ = strings.Cut(strings.TrimPrefix(text, "link "), " -> ")
	case variable.MatchString(text):
		c.Kind = CauseVariable
		c.Name, value, _ = strings.Cut(text, "=")
	}
	if gone {
		c.Old = value
	} else {
		c.New = value
	}
	return c
}

// merged makes one of what stands for the same variable, old and new, in a sorted list.
func merged(list []Cause) (short []Cause) {
	for _, c := range list {
		if n := len(short) - 1; n >= 0 && short[n].Kind == c.Kind && short[n].Name == c.Name && (short[n].Old == "" || c.Old == "") && c.Kind != CauseTool {
			short[n].Old, short[n].New = cmp.Or(short[n].Old, c.Old), cmp.Or(short[n].New, c.New)
			continue
		}
		short = append(short, c)
	}
	return short
}

// Rule is why path, below the capsule in dir, does not count: false when it counts.
func (b *Builder) Rule(ctx context.Context, dir, path string) (rule tree.Rule, left bool, err error) {
	in, err := b.Examine(ctx, dir)
	if err != nil {
		return rule, false, err
	}
	name, err := filepath.Rel(dir, path)
	if err != nil {
		return rule, false, err
	}
	name = filepath.ToSlash(name)
	for _, f := range slices.Concat(in.Sources.Files, in.Others.Files) {
		if f.Path == name || f.Path == filepath.ToSlash(path) {
			return rule, false, nil
		}
	}
	rule, left, err = b.inputs.Explain(dir, path)
	return rule, left, err
}
