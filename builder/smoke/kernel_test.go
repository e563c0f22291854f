package smoke

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Component sections for the kernel's rules, by hand.

// funcType0 is a component type section with one func() -> ().
func funcType0() []byte { return sec(7, 1, 0x40, 0, 1, 0) }

// exportFuncs exports component function index of each name.
func exportFuncs(names map[string]int, order ...string) []byte {
	var items [][]byte
	for _, n := range order {
		items = append(items, cat(0, str(n), 1, uleb(uint64(names[n])), 0))
	}
	return sec(11, vec(items...))
}

// aliasCore aliases export name of core instance i as a core function.
func aliasCore(i int, name string) []byte { return cat(0, 0, 1, uleb(uint64(i)), str(name)) }

// lift lifts core function i with component type 0, without options.
func lift(i int) []byte { return cat(0, 0, uleb(uint64(i)), 0, 0) }

// lifecycleComponent exports astrid-install and astrid-upgrade, from one core function or from two.
func lifecycleComponent(same bool, extra ...[]byte) []byte {
	second := 1
	if same {
		second = 0
	}
	core := mod(sec(1, vec(fn(nil, nil))), sec(3, vec(uleb(0), uleb(0))),
		sec(7, vec(export("a", 0, 0), export("b", 0, second))), sec(10, vec(body(), body())))
	parts := [][]byte{coreModule(core), instantiate(0), sec(6, vec(aliasCore(0, "a"), aliasCore(0, "b"))), funcType0(),
		sec(8, vec(lift(0), lift(1))), exportFuncs(map[string]int{"astrid-install": 0, "astrid-upgrade": second}, "astrid-install", "astrid-upgrade")}
	return comp(append(parts, extra...)...)
}

// importing is a component that imports empty instances of the given names and exports astrid-install.
func importing(names ...string) []byte { return importingTyped(cat(0x42, 0), names...) }

// asking is the same with a function f: func() in each instance.
func asking(names ...string) []byte {
	return importingTyped(cat(0x42, 2, 1, 0x40, 0, 1, 0, 4, 0, str("f"), 1, 0), names...)
}

func importingTyped(instance []byte, names ...string) []byte {
	parts := [][]byte{sec(7, 1, instance)}
	for _, n := range names {
		parts = append(parts, sec(10, 1, 0, str(n), 5, 0))
	}
	core := mod(sec(1, vec(fn(nil, nil))), sec(3, vec(uleb(0))), sec(7, vec(export("a", 0, 0))), sec(10, vec(body())))
	parts = append(parts, coreModule(core), instantiate(0), sec(6, vec(aliasCore(0, "a"))), sec(7, 1, 0x40, 0, 1, 0),
		sec(8, vec(cat(0, 0, 0, 0, 1))), sec(11, vec(cat(0, str("astrid-install"), 1, 0, 0))))
	return comp(parts...)
}

func TestKernelReady(t *testing.T) {
	tests := []struct {
		name     string
		module   []byte
		declared *Declared
		codes    string
		ready    bool
	}{
		{"two functions", lifecycleComponent(false), nil, "", true},
		{"stubs", lifecycleComponent(true), nil, "kernel-no-contract kernel-stub-exports", true},
		{"nothing exported", comp(), nil, "kernel-no-contract", true},
		{"kernel imports", importing("astrid:sys/host@1.0.0", "astrid:http/host@1.1.0", "astrid:guest/lifecycle@1.0.0"), nil, "", true},
		{"request context", importing("astrid:request-context/host@1.0.0"), nil, "", true},
		{"a later version of the track", importing("astrid:http/host@1.2.0", "astrid:kv/host@1.0.7"), nil, "", true},
		{"another track", asking("astrid:kv/host@2.0.0"), nil, "kernel-import-version", false},
		{"a pre-release", asking("astrid:kv/host@1.0.0-rc.1"), nil, "kernel-import-version", false},
		{"without version", asking("astrid:kv/host"), nil, "kernel-import-version", false},
		{"a function that is not there", asking("astrid:kv/host@1.0.0"), nil, "kernel-import-missing", false},
		{"a function beside types", asking("astrid:guest/lifecycle@1.0.0"), nil, "kernel-import-missing", false},
		{"unknown", asking("acme:db/sql@1.0.0"), nil, "kernel-import-unknown", false},
		{"types of a stranger", importing("acme:db/sql@1.0.0", "wasi:io/poll@0.2.0"), nil, "", true},
		{"wasi", asking("wasi:io/poll@0.2.0", "wasi:io/streams@0.2.0"), nil, "kernel-wasi", false},
		{"handler without trigger", importing(), &Declared{Handlers: []string{"h"}}, "kernel-no-trigger", false},
		{"http without net", importing("astrid:http/host@1.0.0"), &Declared{}, "kernel-capability-missing", true},
		{"http with net", importing("astrid:http/host@1.0.0"), &Declared{Capabilities: []string{"net"}}, "", true},
		{"net with net_bind", importing("astrid:net/host@1.0.0"), &Declared{Capabilities: []string{"net_bind"}}, "", true},
		{"fs without", importing("astrid:fs/host@1.0.0"), &Declared{Capabilities: []string{"kv"}}, "kernel-capability-missing", true},
		{"fs with fs_write", importing("astrid:fs/host@1.0.0"), &Declared{Capabilities: []string{"fs_write"}}, "", true},
		{"process without", importing("astrid:process/host@1.1.0"), &Declared{}, "kernel-capability-missing", true},
		{"identity without", importing("astrid:identity/host@1.0.0"), &Declared{}, "kernel-capability-missing", true},
		{"uplink and kv, which nobody gates", importing("astrid:uplink/host@1.0.0", "astrid:kv/host@1.0.0"), &Declared{}, "", true},
		{"net declared, nothing imported", importing(), &Declared{Capabilities: []string{"net"}}, "kernel-capability-unused", true},
		{"a capability without import", importing(), &Declared{Capabilities: []string{"allow_persistent"}}, "", true},
		{"core", mod(), nil, "kernel-not-component kernel-no-contract", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := loadHere(t.Context(), test.module, Options{Declared: test.declared})
			if !r.Loads {
				t.Fatalf("does not load: %v", r.Findings)
			}
			var codes []string
			for _, f := range r.KernelFindings {
				codes = append(codes, string(f.Code))
				if f.Message == "" || f.Hint == "" {
					t.Errorf("%s lacks a sentence or a remedy", f.Code)
				}
			}
			if got := strings.Join(codes, " "); got != test.codes || r.KernelReady != test.ready {
				t.Errorf("ready %v, codes %q, want %v %q", r.KernelReady, got, test.ready, test.codes)
			}
		})
	}
}

func TestKernelMemory(t *testing.T) {
	b := comp(coreModule(mod(sec(5, vec(cat(0, uleb(1025)))))), instantiate(0))
	r := loadHere(t.Context(), b, Options{Limits: Limits{Memory: 128 << 20}})
	found := false
	for _, f := range r.KernelFindings {
		found = found || f.Code == "kernel-memory"
	}
	if !r.Loads || !found || r.PeakGuest != 1025*(64<<10) {
		t.Errorf("loads %v, kernel %v, peak %d", r.Loads, r.KernelFindings, r.PeakGuest)
	}
}

func TestContractType(t *testing.T) {
	core := mod(sec(1, vec(fn([]byte{i32}, nil))), sec(3, vec(uleb(0))), sec(7, vec(export("run", 0, 0))), sec(10, vec(body())))
	r := loadHere(t.Context(), core, Options{})
	for _, f := range r.KernelFindings {
		if f.Code == "kernel-contract-type" {
			return
		}
	}
	t.Errorf("kernel findings %v", r.KernelFindings)
}

func TestCompare(t *testing.T) {
	old := &Report{
		Size:     100_000,
		Imports:  []Import{{Module: "astrid:sys/host@1.0.0", Class: ClassKernel}, {Module: "t", Class: ClassNone}},
		Exports:  []Export{{Name: "run"}},
		Declared: &Declared{Capabilities: []string{"kv"}, Publish: []string{"a.b"}, Subscribe: []string{"x"}, Tools: []string{"one"}},
	}
	fresh := &Report{
		Size:     100_100,
		Imports:  []Import{{Module: "astrid:sys/host@1.0.0", Class: ClassKernel}, {Module: "astrid:http/host@1.1.0", Class: ClassKernel}, {Module: "u", Class: ClassNone}},
		Exports:  []Export{{Name: "astrid-hook-trigger"}},
		Declared: &Declared{Capabilities: []string{"kv", "net"}, Publish: []string{"a.b", "a.c"}, Tools: []string{"two"}},
	}
	d := Compare(old, fresh)
	want := &Delta{
		ImportsAdded: []string{"astrid:http/host@1.1.0"}, ExportsAdded: []string{"astrid-hook-trigger"}, ExportsRemoved: []string{"run"},
		CapabilitiesAdded: []string{"net"}, PublishAdded: []string{"a.c"}, SubscribeRemoved: []string{"x"},
		ToolsAdded: []string{"two"}, ToolsRemoved: []string{"one"}, OldSize: 100_000, NewSize: 100_100,
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("delta (-want +got):\n%s", diff)
	}
	line := "this reload newly imports astrid:http/host@1.1.0; newly exports astrid-hook-trigger; no longer exports run; newly declares net; newly publishes a.c; no longer subscribes to x; adds the tool two; removes the tool one"
	if d.String() != line {
		t.Errorf("line %q", d)
	}
	only := &Report{Size: 100_100, Imports: fresh.Imports, Exports: old.Exports, Declared: old.Declared}
	if got := Compare(old, only).String(); got != "this reload newly imports astrid:http/host@1.1.0" {
		t.Errorf("one import: %q", got)
	}
	small := *old
	small.Size += 5_000
	large := *old
	large.Size += 20_000
	for _, test := range []struct {
		a, b *Report
		want string
	}{
		{old, old, ""}, {nil, old, ""}, {old, nil, ""}, {old, &small, ""},
		{old, &large, "this reload grows from 97.7 KiB to 117.2 KiB"}, {&large, old, "this reload shrinks from 117.2 KiB to 97.7 KiB"},
	} {
		if got := Compare(test.a, test.b).String(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

// TestReportJSON: what the child writes is what the parent reads.
func TestReportJSON(t *testing.T) {
	for _, b := range [][]byte{asking("astrid:http/host@1.1.0"), voidModule("_initialize", 0x00), nil} {
		r := loadHere(t.Context(), b, Options{Declared: &Declared{Name: "x"}})
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		var back Report
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, &back); diff != "" {
			t.Errorf("(-written +read):\n%s", diff)
		}
	}
}

// TestWriteText looks for what a person wants to see, and for what a guest must not do.
func TestWriteText(t *testing.T) {
	r := loadHere(t.Context(), asking("astrid:http/host@1.1.0", "wasi:io/poll@0.2.0", "acme:db/sql@1.0.0", "astrid:http/types@1.0.0"), Options{})
	r.Stderr = "one\n\x1b[31mred\x1b[0m\n"
	r.Calls = []CallResult{{Action: "a", Returned: "continue", Data: []byte("{}"), HasData: true}, {Action: "b", Error: "no"}}
	r.Trap = &Trap{Message: "unreachable", Stack: []string{"f()"}}
	var out bytes.Buffer
	if err := r.WriteText(&out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, want := range []string{
		"component", "loads; not kernel-ready", "astrid:http\n             kernel   host@1.1.0\n             FOREIGN  types@1.0.0",
		"wasi     poll@0.2.0", "FOREIGN  sql@1.0.0", "func astrid-install", "a -> continue", "b: no", "kernel-wasi", "unreachable", "f()", "red", "times",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Error("a control character reached the terminal")
	}
}
