package smoke

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// enumerating is a component that imports enumerate-capabilities, which is there from
// 0.8.0 on: func() -> list<string>.
func enumerating() []byte {
	list, function := cat(1, 0x70, 0x73), cat(1, 0x40, 0, 0, 0)
	return importingTyped(cat(0x42, 3, list, function, cat(4, 0, str("enumerate-capabilities"), 1, 1)), "astrid:sys/host@1.0.0")
}

func rangeFinding(r *Report) string {
	for _, f := range r.KernelFindings {
		if f.Code == finding.KernelReleaseRange && f.Severity == finding.Warning {
			return f.Message + "; " + f.Hint
		}
	}
	return ""
}

func TestReleaseRange(t *testing.T) {
	for requires, want := range map[string]string{
		"":        "",
		">=0.8":   "",
		"^0.10":   "",
		"2026":    "",
		">=0.7.1": "",
		"nothing": "", // builder/capsule tells of it
		">=0.7":   `it imports the func enumerate-capabilities of astrid:sys/host@1.0.0, which no runtime before 0.8.0 has, but says >=0.7; write astrid-version = ">=0.8.0", or build with older WIT files`,
		"*":       "which no runtime before 0.8.0 has, but says *",
		"=0.7.0":  "which no runtime before 0.8.0 has, but says =0.7.0",
		"0.7":     "which no runtime before 0.8.0 has, but says 0.7",
	} {
		r := loadHere(t.Context(), enumerating(), Options{Declared: &Declared{Requires: requires}})
		if got := rangeFinding(r); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %q, want %q", requires, got, want)
		}
		if !r.KernelReady || len(r.LinksOn) != len(astrid.Releases())-1 || r.LinksOn[0] != "0.8.0" {
			t.Errorf("%q: ready %v, on %v, %v", requires, r.KernelReady, r.LinksOn, r.KernelFindings)
		}
	}
}

// TestReleaseRangeOfInterfaces asks with the types of the tables themselves.
func TestReleaseRangeOfInterfaces(t *testing.T) {
	function := func(release, iface, name string) reader.Item {
		r, err := astrid.Find(release)
		if err != nil {
			t.Fatal(err)
		}
		return reader.Item{Name: iface, Kind: "instance", Items: []reader.Item{{Name: name, Kind: "func", Type: r.Interfaces[iface].Functions[name]}}}
	}
	context := function("2026.9.3", "astrid:request-context/host@1.0.0", "connection-owner")
	moon := reader.Item{Name: "astrid:moon/host@1.0.0", Kind: "instance", Items: []reader.Item{{Name: "f", Kind: "func", Type: "func()"}}}
	typesOnly := reader.Item{Name: "astrid:request-context/host@1.0.0", Kind: "instance", Items: []reader.Item{{Name: "t", Kind: "type"}}}
	for _, c := range []struct {
		requires string
		item     reader.Item
		want     string
	}{
		{">=0.7", context, "it imports astrid:request-context/host@1.0.0, which no runtime before 2026.9.3 has, but says >=0.7"},
		{">=2026", context, "which no runtime before 2026.9.3 has, but says >=2026"},
		{">=2026.9.3", context, ""}, {"2026.10", context, ""}, {">=0.7", moon, ""}, {">=0.7", typesOnly, ""},
	} {
		k := &judgement{report: &Report{Kind: KindComponent}, declared: &Declared{Requires: c.requires}, release: astrid.Newest(),
			reading: &reader.Reading{Plan: &reader.Plan{Imports: []reader.Item{c.item}}}}
		k.releases()
		switch {
		case c.want == "" && len(k.findings) > 0, len(k.findings) > 1:
			t.Errorf("%s %s: %v", c.item.Name, c.requires, k.findings)
		case c.want != "" && (len(k.findings) == 0 || !strings.Contains(k.findings[0].Message, c.want)):
			t.Errorf("%s %s: %v, want %s", c.item.Name, c.requires, k.findings, c.want)
		}
	}
}

// TestReleaseGone has an import that a later release took away: the types of process@1.0.0
// in 0.7.0 are not those of the releases after it.
func TestReleaseGone(t *testing.T) {
	const name = "astrid:process/host@1.0.0"
	old, newest := astrid.Releases()[0].Interfaces[name], astrid.Newest().Interfaces[name]
	for function, text := range old.Functions {
		if newest.Functions[function] == text {
			continue
		}
		k := &judgement{report: &Report{Kind: KindComponent}, declared: &Declared{Requires: ">=0.7"}, release: astrid.Releases()[0],
			reading: &reader.Reading{Plan: &reader.Plan{Imports: []reader.Item{{Name: name, Kind: "instance", Items: []reader.Item{{Name: function, Kind: "func", Type: text}}}}}}}
		k.releases()
		if len(k.findings) != 1 || !strings.Contains(k.findings[0].Message, "2026.10.1") || !slices.Equal(k.report.LinksOn, []string{"0.7.0"}) {
			t.Errorf("%s: %v, on %v", function, k.findings, k.report.LinksOn)
		}
		return
	}
	t.Error("no function of process was changed")
}

// TestOnAll has releases of which one refuses the component.
func TestOnAll(t *testing.T) {
	load := func(o Options) (*Report, error) { return loadHere(t.Context(), enumerating(), o), nil }
	for asked, ready := range map[string]bool{"": true, "2026.10.1": true, "0.7.0": false, "2026.10.1 0.7.0": false, "0.7.0 2026.10.1": false, "0.8.0 2026.10.1": true} {
		r, err := OnAll(Options{}, strings.Fields(asked), load)
		if err != nil || !r.Loads || r.KernelReady != ready {
			t.Errorf("%q: ready %v, %v, %v", asked, r.KernelReady, r.KernelFindings, err)
		}
		want := asked
		if want == "" {
			want = astrid.Newest().Version
		}
		if got := strings.Join(r.Runtimes, " "); got != want {
			t.Errorf("%q was judged by %q", asked, got)
		}
		if !ready && !strings.Contains(fmt.Sprint(r.KernelFindings), "the runtime 0.7.0 does not have") {
			t.Errorf("%q: %v", asked, r.KernelFindings)
		}
	}
}
