package reader

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zeebo/blake3"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func good(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile("../../smoke/testdata/kernel/good.wasm")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func theReader(t *testing.T) *Reader {
	t.Helper()
	r, err := Shared()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The hash beside the module is the module's own: it names the cache, and it is in every key.
func TestHashIsTheModules(t *testing.T) {
	sum := blake3.Sum256(code)
	if got := hex.EncodeToString(sum[:]); got != Hash() {
		t.Errorf("reader.wasm has %s, reader.wasm.b3 says %s", got, Hash())
	}
}

// A cache that cannot be used, or holds damage, costs a second and no verdict.
func TestCacheThatIsOfNoUse(t *testing.T) {
	testkit.Long(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := t.TempDir()
	r, err := New(t.Context(), damaged)
	if err != nil {
		t.Fatal(err)
	}
	r.runtime.Close(context.WithoutCancel(t.Context()))
	err = filepath.WalkDir(damaged, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			return os.WriteFile(path, []byte("damaged"), 0o600)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, cache := range map[string]string{"a file": file, "damaged": damaged} {
		r, err := New(t.Context(), cache)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d, err := r.Describe(t.Context(), good(t)); err != nil || d.Kind != Component {
			t.Errorf("%s: %v %v", name, d, err)
		}
		r.runtime.Close(context.WithoutCancel(t.Context()))
	}
}

// What older versions left in the cache is removed, and nothing else.
func TestCacheHoldsOneVersion(t *testing.T) {
	testkit.Long(t)
	cache := t.TempDir()
	for _, name := range []string{"reader-0123", "mine"} {
		if err := os.Mkdir(filepath.Join(cache, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	r, err := New(t.Context(), cache)
	if err != nil {
		t.Fatal(err)
	}
	defer r.runtime.Close(context.WithoutCancel(t.Context()))
	entries, err := os.ReadDir(cache)
	if err != nil || len(entries) != 2 || entries[0].Name() != "mine" || entries[1].Name() != "reader-"+Hash()[:16] {
		t.Errorf("%v %v", entries, err)
	}
}

// A length near 4 GiB is beyond the end, though its end is before its beginning in 32 bits.
func TestLengthThatOverflows(t *testing.T) {
	module := append([]byte("\x00asm\x01\x00\x00\x00\x05\x03\x01\x00\x01\x0b\x0a\x01\x00\x41\x00\x0b"), 0xff, 0xff, 0xff, 0xff, 0x0f)
	reading, err := theReader(t).Read(t.Context(), module, Request{Features: astrid.Newest().Features})
	if err != nil || reading.Fault == nil || !reading.Fault.Truncated || reading.Kind != Core {
		t.Errorf("%+v %v", reading, err)
	}
}

func TestWrapRefuses(t *testing.T) {
	for name, module := range map[string]string{"no module": "text", "nothing": ""} {
		var refused *WrapError
		if c, err := theReader(t).Wrap(t.Context(), []byte(module)); !errors.As(err, &refused) || refused.Message == "" {
			t.Errorf("%s: %d bytes, %v", name, len(c), err)
		}
	}
}

func TestWorldOfAComponent(t *testing.T) {
	text, err := theReader(t).World(t.Context(), good(t))
	if err != nil || !strings.Contains(text, "export astrid-hook-trigger: func(action: string, payload: list<u8>) -> ") {
		t.Errorf("%v\n%s", err, text)
	}
}

// The plan of the small good component: one instance of its module, and the trigger behind it.
func TestPlan(t *testing.T) {
	features := astrid.Newest().Features
	reading, err := theReader(t).Read(t.Context(), good(t), Request{Features: features, Sandbox: features, Plan: true})
	if err != nil || reading.Plan == nil {
		t.Fatalf("%+v %v", reading, err)
	}
	p := reading.Plan
	if p.Instances != 1 || len(p.Functions) != 1 || p.Functions[0].Name != "astrid-hook-trigger" || p.Functions[0].Place.Key != "0" {
		t.Errorf("%+v", p)
	}
	for _, s := range p.Steps {
		if s.Op == "instantiate" && !strings.HasPrefix(string(s.Code), "\x00asm") {
			t.Errorf("step %q has no module", s.Key)
		}
	}
}

// A body that is known to be valid is not validated, and the others are.
func TestKnownBodies(t *testing.T) {
	const right, bad = "\x00\x0b", "\x00\x1a\x0b" // the second drops what nobody pushed
	module := testkit.Core(testkit.Section(1, []byte("\x01\x60\x00\x00")), testkit.Section(3, testkit.Vector([]byte{0}, []byte{0})),
		testkit.Section(10, testkit.Vector(testkit.Sized(right), testkit.Sized(bad))))
	features := astrid.Newest().Features
	begin := bytes.LastIndex(module, []byte(bad))
	for name, test := range map[string]struct {
		q     Request
		valid bool
	}{
		"nothing is known":   {Request{}, false},
		"the other is known": {Request{Known: []int{begin - 3}}, false},
		"both are known":     {Request{Known: []int{begin - 3, begin}}, true},
		"all are checked":    {Request{Checked: true}, true},
	} {
		q := test.q
		q.Features, q.Sandbox, q.Plan = features, features, true
		reading, err := theReader(t).Read(t.Context(), module, q)
		if err != nil || (reading.Fault == nil) != test.valid || (reading.Plan != nil) != test.valid {
			t.Errorf("%s: %+v %v", name, reading, err)
		}
	}
}

func TestCancelledCall(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := theReader(t).Describe(ctx, good(t)); err == nil {
		t.Error("a call that was cancelled gave an answer")
	}
}
