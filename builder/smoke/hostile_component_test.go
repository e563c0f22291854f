package smoke

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

const componentHeader = "\x00asm\x0d\x00\x01\x00"

func comp(sections ...[]byte) []byte {
	return cat(componentHeader, bytes.Join(sections, nil))
}

func coreModule(m []byte) []byte      { return sec(1, m) }
func nestedComponent(c []byte) []byte { return sec(4, c) }

// instantiate is a core instance of a module with arguments by name.
func instantiate(module int, args ...[]byte) []byte {
	return sec(2, 1, 0, uleb(uint64(module)), vec(args...))
}

func arg(name string, instance int) []byte { return cat(str(name), 0x12, uleb(uint64(instance))) }

// instance instantiates component index c without arguments.
func instance(c int) []byte { return sec(5, 1, 0, uleb(uint64(c)), 0) }

// doubling is a component that instantiates the one inside it twice, depth levels deep.
func doubling(depth int) []byte {
	if depth == 0 {
		return comp(coreModule(mod()), instantiate(0))
	}
	return comp(nestedComponent(doubling(depth-1)), instance(0), instance(0))
}

func hostileComponents() []hostile {
	const huge = 0xffff_ffff
	loop := cat(0x03, 0x40, 0x0c, 0, 0x0b)
	startLoop := mod(sec(1, vec(fn(nil, nil))), sec(3, vec(uleb(0))), sec(8, 0), sec(10, vec(body(loop))))
	importsOne := mod(sec(1, vec(fn(nil, nil))), sec(2, vec(cat(str(""), str("f"), 0, 0))))
	exportsOne := mod(sec(1, vec(fn(nil, nil))), sec(3, vec(uleb(0))), sec(7, vec(export("f", 0, 0))), sec(10, vec(body())))
	wrongType := mod(sec(1, vec(fn([]byte{i32}, nil))), sec(3, vec(uleb(0))), sec(7, vec(export("f", 0, 0))), sec(10, vec(body())))
	memory := mod(sec(5, vec(cat(0, uleb(600)))))
	// f of the first instance loops; the second one calls it from its start function.
	loops := mod(sec(1, vec(fn(nil, nil))), sec(3, vec(uleb(0))), sec(7, vec(export("f", 0, 0))), sec(10, vec(body(loop))))
	calls := mod(sec(1, vec(fn(nil, nil))), sec(2, vec(cat(str(""), str("f"), 0, 0))), sec(8, 0))
	deep := comp()
	for range 1000 {
		deep = comp(nestedComponent(deep))
	}
	many := cat(componentHeader, coreModule(mod()), sec(2, uleb(5000), bytes.Repeat([]byte{0, 0, 0}, 5000)))
	return []hostile{
		{"empty component", comp(), ""},
		{"empty import names", comp(coreModule(exportsOne), coreModule(importsOne), instantiate(0), instantiate(1, arg("", 0))), ""},
		{"1,000 deep", deep, ""},
		{"5,000 core instances", many, "smoke-invalid"},
		{"2^40 instances", doubling(40), "smoke-limit"},
		{"2^10 instances without core", func() []byte {
			c := comp()
			for range 10 {
				c = comp(nestedComponent(c), instance(0), instance(0))
			}
			return c
		}(), ""},
		{"2^60 instances without core", func() []byte {
			c := comp()
			for range 60 {
				c = comp(nestedComponent(c), instance(0), instance(0))
			}
			return c
		}(), "smoke-limit"},
		{"no such module", comp(instantiate(7)), "smoke-invalid"},
		{"no such instance", comp(coreModule(importsOne), instantiate(0, arg("", 9))), "smoke-invalid"},
		{"import given nothing", comp(coreModule(importsOne), instantiate(0)), "smoke-invalid"},
		{"import of another name", comp(coreModule(exportsOne), coreModule(importsOne), instantiate(0), instantiate(1, arg("env", 0))), "smoke-invalid"},
		{"import of another type", comp(coreModule(wrongType), coreModule(importsOne), instantiate(0), instantiate(1, arg("", 0))), "smoke-invalid"},
		{"endless start", comp(coreModule(startLoop), instantiate(0)), "smoke-timeout"},
		{"endless in another instance", comp(coreModule(loops), coreModule(calls), instantiate(0), instantiate(1, arg("", 0))), "smoke-timeout"},
		{"two memories of 37 MiB", comp(coreModule(memory), instantiate(0), instantiate(0)), ""},
		{"nine memories of 37 MiB", comp(coreModule(memory), instantiate(0), instantiate(0), instantiate(0), instantiate(0), instantiate(0), instantiate(0), instantiate(0), instantiate(0), instantiate(0)), "smoke-memory"},
		{"broken module that is not used", comp(coreModule(mod(sec(1, vec(fn(nil, nil))), sec(3, vec(uleb(0))), sec(10, vec(body(0x1a)))))), "smoke-invalid"},
		{"killer inside", comp(coreModule(killer(2, huge))), "smoke-invalid"},
		{"4 G definitions", cat(componentHeader, sec(2, uleb(huge))), "smoke-invalid"},
		{"cut", comp(coreModule(exportsOne))[:20], "smoke-truncated"},
		{"older version", cat("\x00asm\x0c\x00\x01\x00"), "smoke-invalid"},
	}
}

func TestHostileComponents(t *testing.T) {
	for _, h := range hostileComponents() {
		t.Run(h.name, func(t *testing.T) {
			if strings.HasPrefix(h.name, "2^40") || strings.HasPrefix(h.name, "2^60") { // seconds of a processor each, until the limit
				testkit.Long(t)
			}
			t.Parallel()
			o := Options{Limits: Limits{Wall: time.Minute}}
			if h.code == "smoke-timeout" {
				o.Limits.Wall = 200 * time.Millisecond
			}
			checkHostile(t, h, loadHere(t.Context(), h.bytes, o))
			o.Limits.Wall *= 2
			r, err := LoadFile(t.Context(), writeModule(t, h.bytes), o)
			if err != nil {
				t.Fatal(err)
			}
			checkHostile(t, h, r)
		})
	}
}

// TestProposals: what only the sandbox lacks is unknown, what the kernel refuses fails.
func TestProposals(t *testing.T) {
	void := func(code ...any) []byte { return voidModule("f", code...) }
	tests := []struct {
		name     string
		module   []byte
		proposal string
		verdict  Verdict
	}{
		{"two memories", mod(sec(5, vec(cat(0, 1), cat(0, 1)))), "multi-memory", Unknown},
		{"64-bit memory", mod(sec(5, vec(cat(4, 1)))), "memory64", Unknown},
		{"shared memory", mod(sec(5, vec(cat(3, 1, 1)))), "threads", Unknown},
		{"relaxed SIMD", void(0xfd, 12, make([]byte, 16), 0xfd, 12, make([]byte, 16), 0xfd, 0x80, 2, 0x1a), "relaxed-simd", Unknown},
		{"tail call", void(0x12, 0), "tail-call", Unknown},
		{"atomic", void(0xfe, 0x03, 0), "threads", Unknown},
		{"tag", mod(sec(1, vec(fn(nil, nil))), sec(13, vec(cat(0, 0)))), "exception-handling", Fails},
		{"struct type", mod(sec(1, vec(cat(0x5f, 0)))), "gc", Fails},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, b := range [][]byte{test.module, comp(coreModule(test.module), instantiate(0))} {
				r := loadHere(t.Context(), b, Options{})
				if r.Verdict != test.verdict || r.Loads != (test.verdict == Unknown) {
					t.Errorf("%s: verdict %s, loads %v: %v", r.Kind, r.Verdict, r.Loads, r.Findings)
				}
				if len(r.Proposals) == 0 || r.Proposals[0].Name != test.proposal || r.Proposals[0].Kernel != (test.verdict == Unknown) {
					t.Errorf("%s: proposals %v", r.Kind, r.Proposals)
				}
				refused := strings.Contains(fmt.Sprint(r.KernelFindings), "kernel-proposal")
				if refused != (test.verdict == Fails) {
					t.Errorf("%s: kernel findings %v", r.Kind, r.KernelFindings)
				}
			}
		})
	}
}
