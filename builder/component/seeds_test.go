package component

import (
	"os"
	"path/filepath"
	"testing"
)

// handEncoded are small binaries written byte by byte: the seeds that need no tool.
func handEncoded() map[string][]byte {
	emptyModule := mod()
	oneFunc := mod(
		sec(1, vecOf([]byte{0x60, 0, 0})),
		sec(2, vecOf(cat(str(""), str("log"), []byte{0, 0}), cat(str("env"), str("m"), []byte{2, 1, 1, 4}))),
		sec(3, vecOf([]byte{0})),
		sec(4, vecOf([]byte{0x70, 0, 4})),
		sec(6, vecOf([]byte{0x7f, 0, 0x41, 0x2a, 0x0b})),
		sec(7, vecOf(cat(str("f"), []byte{0, 1}), cat(str("t"), []byte{1, 0}))),
		sec(9, vecOf([]byte{0, 0x41, 0, 0x0b, 1, 1})),
		sec(10, vecOf([]byte{9, 1, 2, 0x7e, 0x02, 0x40, 0x0c, 0, 0x0b, 0x0b})),
		sec(11, vecOf([]byte{0, 0x41, 0, 0x0b, 2, 'h', 'i'})),
		sec(0, str("producers"), vecOf(cat(str("language"), vecOf(cat(str("C"), str("17"))))), nil),
	)
	logType := cat([]byte{1, 0x40}, vecOf(cat(str("s"), []byte{0x73})), []byte{1, 0})
	instance := vecOf(logType, cat([]byte{4}, ext("log"), []byte{1, 0}))
	wired := comp(
		sec(7, vecOf([]byte{0x40, 0, 1, 0}, cat([]byte{0x42}, instance))),
		sec(10, vecOf(cat(ext("a:b/c@1.0.0"), []byte{5, 1}), cat(ext("run"), []byte{1, 0}))),
		sec(6, vecOf(cat([]byte{1, 0, 0}, str("log")))),
		sec(1, emptyModule),
		sec(2, vecOf(cat([]byte{0, 0}, vecOf()), cat([]byte{1}, vecOf()))),
		sec(8, vecOf(cat([]byte{1, 0, 0}, vecOf()))),
		sec(2, vecOf(cat([]byte{1}, vecOf(cat(str("run"), []byte{0, 0}))))),
		sec(4, comp(sec(6, vecOf([]byte{3, 2, 1, 0})))),
		sec(5, vecOf(cat([]byte{0, 0}, vecOf()), cat([]byte{1}, vecOf(cat(ext("f"), []byte{1, 0}))))),
		sec(11, vecOf(cat(ext("go"), []byte{1, 0, 0}))),
		sec(9, []byte{0, 0, 0}),
		sec(0, str("note"), []byte("x")),
	)
	return map[string][]byte{
		"empty module": emptyModule, "empty component": comp(), "module": oneFunc, "component": wired,
	}
}

// seeds are the hand-encoded binaries and those assembled from testdata/wat, which
// TestAssembledSeeds holds to their texts.
func seeds(t testing.TB) map[string][]byte {
	t.Helper()
	all := handEncoded()
	files, err := filepath.Glob("testdata/wat/*.bin")
	if err != nil || len(files) < 4 {
		t.Fatalf("seeds in testdata/wat: %d, %v", len(files), err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(f)] = b
	}
	return all
}

// TestSeeds decodes every seed and asserts what must hold of it.
func TestSeeds(t *testing.T) {
	for name, b := range seeds(t) {
		t.Run(name, func(t *testing.T) { decodeAndCheck(t, b, true) })
	}
}

// decodeAndCheck decodes a binary of either kind, its modules too.
func decodeAndCheck(t *testing.T, b []byte, mustDecode bool) {
	t.Helper()
	if Sniff(b).Kind == KindComponent {
		c, err := Decode(b)
		if checkError(t, b, err, mustDecode) {
			return
		}
		checkComponent(t, b, c)
		c.World()
		for _, m := range modules(c) {
			decodeAndCheck(t, m.Range.Of(b), mustDecode)
		}
		return
	}
	m, err := DecodeModule(b)
	if !checkError(t, b, err, mustDecode) {
		checkModule(t, b, m)
	}
}

// modules are the core modules of a component and of those nested in it.
func modules(c *Component) (ms []*CoreModule) {
	for _, d := range c.Defs {
		switch d := d.(type) {
		case *CoreModule:
			ms = append(ms, d)
		case *Component:
			ms = append(ms, modules(d)...)
		}
	}
	return ms
}

// checkError asserts what must hold of an error and tells whether there was one.
func checkError(t *testing.T, b []byte, err error, fatal bool) bool {
	t.Helper()
	if err == nil {
		return false
	}
	e, ok := err.(*Error)
	switch {
	case fatal:
		t.Fatal(err)
	case !ok:
		t.Fatalf("error %v is a %T", err, err)
	case e.Offset < 0 || e.Offset > int64(len(b)) || e.Section == "" || e.Message == "":
		t.Fatalf("error %+v in %d bytes", *e, len(b))
	}
	return true
}

// TestFeatures asserts that each proposal in testdata/wat/features.wat is told apart.
func TestFeatures(t *testing.T) {
	m, err := DecodeModule(seeds(t)["features.bin"])
	if err != nil {
		t.Fatal(err)
	}
	want := []Feature{FeatureSIMD, FeatureRelaxedSIMD, FeatureThreads, FeatureTailCall, FeatureExceptions,
		FeatureFunctionReferences, FeatureGC, FeatureMultiMemory, FeatureMemory64, FeatureExtendedConst}
	for _, f := range want {
		if p, ok := m.Uses(f); !ok || p.Offset <= 0 || p.What == "" {
			t.Errorf("%s: %+v, %v", f, p, ok)
		}
	}
	if len(m.Proposals) != len(want) {
		t.Errorf("%d proposals, not %d: %v", len(m.Proposals), len(want), m.Proposals)
	}
}
