package builder

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/store"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

var mutations = flag.Int("mutations", testkit.Rounds(40, 120), "how many mutations TestWhyNamesTheTrueCauses makes")

// mutated is a capsule that is changed at random, and what a change must be called.
type mutated struct {
	t      *testing.T
	r      *rand.Rand
	b      *Builder
	dir    string
	shared string
	n      int
	names  []string
	mark   string // a release of the runtime that judges
}

func (m *mutated) path(name string) string { return filepath.Join(m.dir, name) }

func (m *mutated) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// mutate changes one thing, and returns the causes that it is: kind and name.
func (m *mutated) mutate() (what string, want []string) {
	m.n++
	name := m.names[m.r.IntN(len(m.names))]
	text := fmt.Sprint("content ", m.n)
	switch m.r.IntN(12) {
	case 0:
		testkit.Write(m.t, m.path(name), text)
		return "an edit", []string{"source " + name}
	case 1:
		added := fmt.Sprintf("new%d.txt", m.n)
		testkit.Write(m.t, m.path(added), text)
		m.names = append(m.names, added)
		return "a new file", []string{"source " + added}
	case 2:
		if len(m.names) < 2 {
			return "nothing", nil
		}
		m.must(os.Remove(m.path(name)))
		m.names = slices.DeleteFunc(m.names, func(n string) bool { return n == name })
		return "a file is gone", []string{"source " + name}
	case 3:
		other := fmt.Sprintf("moved%d.txt", m.n)
		m.must(os.Rename(m.path(name), m.path(other)))
		m.names[slices.Index(m.names, name)] = other
		return "a rename", []string{"source " + name, "source " + other}
	case 4:
		data, err := os.ReadFile(m.path(name))
		m.must(err)
		testkit.Write(m.t, m.path(name), string(data))
		return "the same bytes", nil
	case 5:
		info, err := os.Stat(m.path(name))
		m.must(err)
		m.must(os.Chmod(m.path(name), info.Mode()^0o111))
		return "a mode", []string{"mode " + name}
	case 6:
		testkit.Write(m.t, m.shared, text)
		return "an outside input", []string{"input " + m.shared}
	case 7:
		manifest, err := os.ReadFile(m.path("Capsule.toml"))
		m.must(err)
		testkit.Write(m.t, m.path("Capsule.toml"), string(manifest)+"# "+text+"\n")
		return "a setting", []string{"settings Capsule.toml"}
	case 8:
		testkit.Write(m.t, m.path("left.snap"), text)
		return "what does not count", nil
	case 9:
		testkit.Write(m.t, m.path("dist/product.js"), text)
		return "a product", nil
	case 10:
		old := m.mark
		m.mark = map[string]string{"2026.10.1": "0.10.4", "0.10.4": "2026.10.1"}[old]
		m.b = New(Options{Runtime: []string{m.mark}})
		return "another runtime", []string{"runtime " + m.mark, "runtime " + old}
	default:
		a, b := m.names[0], m.names[len(m.names)-1]
		testkit.Write(m.t, m.path(a), text)
		testkit.Write(m.t, m.path(b), text+"!")
		return "two edits", []string{"source " + a, "source " + b}
	}
}

// Random changes of twelve kinds: what why names is what was changed, all of it, and nothing else.
func TestWhyNamesTheTrueCauses(t *testing.T) {
	shared := filepath.Join(t.TempDir(), "shared.txt")
	testkit.Write(t, shared, "0")
	m := &mutated{t: t, r: rand.New(rand.NewPCG(5, 5)), mark: "2026.10.1", b: New(Options{Runtime: []string{"2026.10.1"}}), shared: shared,
		dir: capsuleDir(t, copies+`inputs = ["`+filepath.ToSlash(shared)+`"]`+"\nignore = [\"*.snap\"]\n"), names: []string{"src.bin"}}
	m.must(os.MkdirAll(store.Path(m.dir), 0o755))
	m.b.NoteCauses(t.Context(), examine(t, m.b, m.dir))
	for range *mutations {
		what, want := m.mutate()
		slices.Sort(want)
		want = slices.Compact(want)
		_, now, err := m.b.Why(t.Context(), m.dir)
		m.must(err)
		if diff := cmp.Diff(want, namesOf(now)); diff != "" {
			t.Fatalf("%s, before it is noted: %s", what, diff)
		}
		m.b.NoteCauses(t.Context(), examine(t, m.b, m.dir))
		last, now, err := New(m.b.options).Why(t.Context(), m.dir) // another process
		m.must(err)
		if len(now) != 0 {
			t.Fatalf("%s: noted, and it differs: %v", what, now)
		}
		if want == nil {
			continue
		}
		if diff := cmp.Diff(want, namesOf(last.Causes)); diff != "" {
			t.Fatalf("%s: %s", what, diff)
		}
		for _, c := range last.Causes {
			if c.Old == c.New {
				t.Fatalf("%s: %+v", what, c)
			}
		}
	}
}

func namesOf(list []Cause) (names []string) {
	for _, c := range list {
		names = append(names, string(c.Kind)+" "+c.Name)
	}
	slices.Sort(names)
	return names
}

// Variables that steer a tool are named, and their values, which may be secrets, are nowhere.
func TestWhyNamesVariables(t *testing.T) {
	old := &Causes{Recipe: []string{"GOFLAGS=aa", "SAME=11", "go version go1.26.0"}}
	next := &Causes{Recipe: []string{"GOFLAGS=bb", "NEW=22", "SAME=11", "go version go1.26.1"}}
	want := []Cause{{CauseVariable, "GOFLAGS", "aa", "bb"}, {CauseVariable, "NEW", "", "22"},
		{CauseTool, "go version go1.26.0", "is there", ""}, {CauseTool, "go version go1.26.1", "", "is there"}}
	if diff := cmp.Diff(want, differ(old, next)); diff != "" {
		t.Error(diff)
	}
}

// A note of causes that is damaged or cut off is none.
func TestADamagedNoteOfCausesIsNone(t *testing.T) {
	b := New(Options{})
	dir := capsuleDir(t, copies)
	m := &mutated{t: t}
	m.must(os.MkdirAll(store.Path(dir), 0o755))
	b.NoteCauses(t.Context(), examine(t, b, dir))
	data, err := store.ReadNote(dir, store.CauseNote, causesLimit)
	m.must(err)
	c := decodeCauses(dir, data)
	if c == nil || len(c.sources) == 0 || c.sources[0].hash.IsZero() {
		t.Fatalf("noted was %+v", c)
	}
	for i := range data {
		broken := slices.Clone(data)
		broken[i] ^= 4
		if decodeCauses(dir, broken) != nil || decodeCauses(dir, data[:i]) != nil {
			t.Fatalf("byte %d of %d may be another, or the end", i, len(data))
		}
	}
}
