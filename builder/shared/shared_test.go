package shared

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/seal"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// memory is a store in memory that can be tampered with.
type memory struct {
	entries map[string][]byte
	blobs   map[string][]byte
	fails   error // the answer to everything; nil: it works
	asked   int
}

func newMemory() *memory { return &memory{entries: map[string][]byte{}, blobs: map[string][]byte{}} }

func (m *memory) Entry(_ context.Context, key string) ([]byte, error) {
	m.asked++
	if m.fails != nil {
		return nil, m.fails
	}
	if data, ok := m.entries[key]; ok {
		return data, nil
	}
	return nil, ErrNone
}

func (m *memory) Blob(_ context.Context, id ID, w io.Writer) error {
	data, ok := m.blobs[id.BLAKE3]
	if !ok {
		return ErrNone
	}
	_, err := w.Write(data)
	return err
}

func (m *memory) Put(_ context.Context, key string, entry []byte, blobs []Blob) error {
	if m.fails != nil {
		return m.fails
	}
	for _, b := range blobs {
		data, err := os.ReadFile(b.Path)
		if err != nil {
			return err
		}
		m.blobs[b.BLAKE3] = data
	}
	m.entries[key] = entry
	return nil
}

func (m *memory) Close() error { return nil }

type fixture struct {
	*testing.T
	store *memory
	key   *seal.Key
	said  []finding.Finding
}

func newFixture(t *testing.T) *fixture {
	key, err := seal.NewKey()
	testkit.Check(t, err)
	return &fixture{T: t, store: newMemory(), key: key}
}

func (f *fixture) cache(change ...func(*Options)) *Cache {
	o := Options{Store: f.store, Name: "the store", Key: f.key, Trust: []*seal.Public{&f.key.Public}, Warn: func(w finding.Finding) { f.said = append(f.said, w) }}
	for _, c := range change {
		c(&o)
	}
	return New(o)
}

var one, two = strings.Repeat("1", 64), strings.Repeat("2", 64)

func entry(key, whole string) Entry {
	return Entry{Key: key, Whole: whole, Modules: []Module{{Component: "main", File: "x.wasm"}}, Judged: []Judgement{{Kind: "core", Loads: true}}}
}

// offer shares content under the keys.
func (f *fixture) offer(c *Cache, key, whole, content string, private ...string) {
	f.Helper()
	path := filepath.Join(f.TempDir(), "m")
	testkit.Write(f, path, content)
	c.Offer(f.Context(), entry(key, whole), []string{path}, private)
}

func TestOfferFindFetch(t *testing.T) {
	f := newFixture(t)
	f.offer(f.cache(), one, two, "content")
	c := f.cache()
	for _, key := range []string{one, two} {
		e, _ := c.Find(t.Context(), key)
		if e == nil || e.Whole != two {
			t.Fatalf("%s: %+v", key, e)
		}
		files, ok := c.Fetch(t.Context(), e, t.TempDir())
		if !ok || testkit.Read(t, files[0]) != "content" {
			t.Errorf("%v, %v", files, ok)
		}
	}
	if e, missing := c.Find(t.Context(), strings.Repeat("3", 64)); e != nil || !missing || len(f.said) > 0 {
		t.Errorf("%+v, said %v", e, f.said)
	}
}

// An entry counts when a trusted key signed it for the key that was asked for.
func TestNotBelieved(t *testing.T) {
	f := newFixture(t)
	f.offer(f.cache(), one, one, "content")
	f.offer(f.cache(), two, two, "other")
	good := f.store.entries[one]
	other, err := seal.NewKey()
	testkit.Check(t, err)
	sealed := func(e Entry) []byte {
		data, err := e.Sealed(f.key)
		testkit.Check(t, err)
		return data
	}
	id := ID{one, two, 1}
	whole := entry(one, one)
	whole.Modules[0].ID = id
	for name, c := range map[string]struct {
		data  []byte
		trust *seal.Key
	}{
		"another signer":         {good, other},
		"the entry of two":       {f.store.entries[two], f.key},
		"cut":                    {good[:len(good)-9], f.key},
		"one byte":               {bytes.Replace(good, []byte(`"payload":"e`), []byte(`"payload":"f`), 1), f.key},
		"no digests":             {sealed(entry(one, one)), f.key},
		"a module that fails":    {sealed(func() Entry { e := whole; e.Judged = []Judgement{{}}; return e }()), f.key},
		"no modules":             {sealed(Entry{Key: one, Whole: one}), f.key},
		"a build that failed":    {sealed(func() Entry { e := whole; e.Findings = []finding.Finding{{}}; return e }()), f.key},
		"a path for a digest":    {sealed(func() Entry { e := whole; e.Modules = []Module{{ID: ID{"../x", two, 1}}}; return e }()), f.key},
		"no key behind the keys": {sealed(func() Entry { e := whole; e.Whole = ""; return e }()), f.key},
	} {
		f.store.entries[one], f.said = c.data, nil
		cache := f.cache(func(o *Options) { o.Trust = []*seal.Public{&c.trust.Public} })
		if e, missing := cache.Find(t.Context(), one); e != nil || missing || cache.Stats().Refused != 1 || len(f.said) != 1 || f.said[0].Severity != finding.Warning {
			t.Errorf("%s: %+v, said %v", name, e, f.said)
		}
	}
	f.store.entries[one] = sealed(whole)
	if e, _ := f.cache().Find(t.Context(), one); e == nil {
		t.Error("a sound entry was refused: the cases above say nothing")
	}
}

// Whatever a store gives in place of a module is found out, and nothing of it stays.
func TestLies(t *testing.T) {
	for name, content := range map[string]string{"truncated": "conten", "other": "c0ntent", "longer": "content and more", "empty": ""} {
		f := newFixture(t)
		f.offer(f.cache(), one, one, "content")
		for key := range f.store.blobs {
			f.store.blobs[key] = []byte(content)
		}
		c, folder := f.cache(), t.TempDir()
		e, _ := c.Find(t.Context(), one)
		files, ok := c.Fetch(t.Context(), e, folder)
		left, err := os.ReadDir(folder)
		if ok || files != nil || err != nil || len(left) > 0 || c.Stats().Lies != 1 || len(f.said) != 1 {
			t.Errorf("%s: %v, left %v, %v, said %v", name, files, left, err, f.said)
		}
	}
}

// A store that fails is asked three times, told of twice, and still written to.
func TestTrouble(t *testing.T) {
	f := newFixture(t)
	c := f.cache()
	f.store.fails = errors.New("500")
	for range 5 {
		c.Find(t.Context(), one)
	}
	if f.store.asked != patience || len(f.said) != 2 || c.Stats().Failures != patience {
		t.Errorf("asked %d times, said %v", f.store.asked, f.said)
	}
	f.store.fails = nil
	if f.offer(c, one, one, "content"); len(f.store.entries) != 1 {
		t.Error("nothing was offered")
	}
}

// Nothing is shared that holds what no other machine has, wherever it stands in it.
func TestPrivate(t *testing.T) {
	f := newFixture(t)
	c := f.cache()
	long := strings.Repeat("x", 1<<20-3)
	f.offer(c, one, one, "built in /home/me/work and so on", "/home/me/work")
	f.offer(c, one, one, long+"/home/me/work", "/elsewhere", "/home/me/work")
	e := entry(one, one)
	e.Findings = []finding.Finding{{Severity: finding.Note, Message: "in /home/me/work/x"}}
	path := filepath.Join(t.TempDir(), "m")
	testkit.Write(t, path, "content")
	c.Offer(t.Context(), e, []string{path}, []string{"/home/me/work"})
	if len(f.store.entries) > 0 || c.Stats().Withheld != 3 {
		t.Errorf("%d entries, %+v", len(f.store.entries), c.Stats())
	}
}

func TestReadOnly(t *testing.T) {
	f := newFixture(t)
	f.offer(f.cache(func(o *Options) { o.ReadOnly = true }), one, one, "content")
	f.offer(f.cache(func(o *Options) { o.Key = nil }), one, one, "content")
	if len(f.store.entries) > 0 {
		t.Error("something was offered")
	}
}

// Of ten hits one is built again, whichever comes first.
func TestAgain(t *testing.T) {
	f := newFixture(t)
	c, again := f.cache(func(o *Options) { o.Again = 10 }), 0
	for range 100 {
		if c.Hit(&Entry{}) {
			again++
		}
	}
	if s := c.Stats(); again != 10 || s.Again != 10 || s.Hits != 100 {
		t.Errorf("%d times, %+v", again, s)
	}
}
