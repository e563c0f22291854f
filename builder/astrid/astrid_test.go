package astrid

import (
	"slices"
	"strings"
	"testing"
)

func find(t *testing.T, version string) *Release {
	t.Helper()
	r, err := Find(version)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReleasesAreInOrder(t *testing.T) {
	var got []string
	for _, r := range Releases() {
		got = append(got, r.Version)
	}
	want := "0.7.0 0.8.0 0.9.4 0.10.0 0.10.1 0.10.2 0.10.4 2026.9.0 2026.9.1 2026.9.2 2026.9.3 2026.9.4 2026.10.0 2026.10.1"
	if strings.Join(got, " ") != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if Newest().Version != "2026.10.1" {
		t.Errorf("the newest is %s", Newest().Version)
	}
}

func TestFind(t *testing.T) {
	for version, want := range map[string]string{
		"0.10": "0.10.4", "0.10.4": "0.10.4", "0.10.2": "0.10.2", "v2026.9.3": "2026.9.3", "2026": "2026.10.1",
		" 2026.9 ": "2026.9.4", "0": "0.10.4", "0.1": "", "2026.1": "", "0.9.1": "", "2027": "", "": "", "new": "", "2026.": "",
	} {
		r, err := Find(version)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q is %s", version, r.Version)
		case want == "" && !strings.Contains(err.Error(), "0.7.0, 0.8.0") || want == "" && !strings.Contains(err.Error(), "2026.10.1"):
			t.Errorf("%q: the error does not name the known ones: %v", version, err)
		case want != "" && (err != nil || r.Version != want):
			t.Errorf("%q: %v, %v, want %s", version, r, err, want)
		}
	}
}

// TestTables holds what differs between the releases.
func TestTables(t *testing.T) {
	engine := map[string]int{"0.7.0": 45, "0.8.0": 45, "0.9.4": 46, "0.10": 46, "2026.9.0": 48, "2026.9.2": 48, "2026.9.3": 48, "2026.10.1": 48}
	for version, want := range engine {
		if r := find(t, version); r.Wasmtime != want {
			t.Errorf("%s has Wasmtime %d, want %d", version, r.Wasmtime, want)
		}
	}
	context := find(t, "2026.9.3").semver
	for _, r := range Releases() {
		calendar, old := r.CalVer(), r.Wasmtime == 45
		for feature, want := range map[string]bool{
			"component_model": true, "multi_memory": true, "memory64": true, "simd": true, "relaxed_simd": true, "tail_call": true,
			"threads": true, "gc": false, "exceptions": false, "cm_async": !old, "function_references": calendar,
			"custom_page_sizes": false, "wide_arithmetic": false,
		} {
			if slices.Contains(r.Features, feature) != want {
				t.Errorf("%s: the feature %s is %v", r.Version, feature, !want)
			}
		}
		for name, want := range map[string]bool{
			"astrid:sys/host@1.0.0": true, "astrid:http/host@1.0.0": true, "astrid:http/host@1.1.0": !old,
			"astrid:process/host@1.0.0": true, "astrid:process/host@1.1.0": !old, "wasi:io/poll@0.2.0": false,
			"astrid:request-context/host@1.0.0": !r.semver.LessThan(context),
		} {
			if _, ok := r.Interfaces[name]; ok != want {
				t.Errorf("%s: the interface %s is %v", r.Version, name, ok)
			}
		}
		if _, ok := r.Interfaces["astrid:sys/host@1.0.0"].Functions["enumerate-capabilities"]; ok != (r.Version != "0.7.0") {
			t.Errorf("%s: enumerate-capabilities is %v", r.Version, ok)
		}
		if got, want := r.TableElements(), map[bool]uint64{true: 2_097_152}[calendar]; got != want {
			t.Errorf("%s: tables of %d elements, want %d", r.Version, got, want)
		}
	}
}

func TestFirstWith(t *testing.T) {
	for feature, want := range map[string]string{"cm_async": "0.9.4", "function_references": "2026.9.0", "simd": "0.7.0", "gc": "", "": ""} {
		if got := FirstWith(feature); got != want {
			t.Errorf("%s is there from %q on, want %q", feature, got, want)
		}
	}
	for name, want := range map[string]string{
		"astrid:request-context/host@1.0.0": "2026.9.3", "astrid:request-context/host@1.0.9": "2026.9.3", "astrid:http/host@1.1.0": "0.7.0",
		"astrid:sys/host@1.0.0": "0.7.0", "astrid:sys/host@2.0.0": "", "astrid:moon/host@1.0.0": "",
	} {
		if got := FirstWithInterface(name); got != want {
			t.Errorf("%s is there from %q on, want %q", name, got, want)
		}
	}
}

// TestBindByTheLinkersRule has an invented host beside the real ones: no release has a
// track below 1.0, or a prerelease.
func TestBindByTheLinkersRule(t *testing.T) {
	invented := &Release{Interfaces: map[string]Interface{}}
	for _, name := range []string{"a:b/c@0.2.1", "a:b/c@0.2.10", "a:b/c@0.2.9", "a:b/c@0.3.0", "a:b/c@0.0.3", "a:b/c@1.0.0-rc.1", "a:b/c@1.5.0", "a:b/c@2.0.0", "a:b/bare"} {
		invented.Interfaces[name] = Interface{}
	}
	for _, c := range []struct {
		r          *Release
		name, want string
	}{
		{Newest(), "astrid:sys/host@1.0.0", "astrid:sys/host@1.0.0"}, {Newest(), "astrid:sys/host@1.0.7", "astrid:sys/host@1.0.0"},
		{Newest(), "astrid:http/host@1.0.0", "astrid:http/host@1.0.0"}, {Newest(), "astrid:http/host@1.0.9", "astrid:http/host@1.1.0"},
		{find(t, "0.7.0"), "astrid:http/host@1.1.0", "astrid:http/host@1.0.0"}, {Newest(), "astrid:http/host@1.2.0", "astrid:http/host@1.1.0"},
		{Newest(), "astrid:sys/host@2.0.0", ""}, {Newest(), "astrid:sys/host@1.0.0-rc.1", ""}, {Newest(), "astrid:sys/host", ""},
		{Newest(), "astrid:sys/host@0.1.0", ""}, {Newest(), "astrid:sys/host@1.0", ""}, {Newest(), "astrid:moon/host@1.0.0", ""},
		{invented, "a:b/c@0.2.2", "a:b/c@0.2.10"}, {invented, "a:b/c@0.2.9", "a:b/c@0.2.9"}, {invented, "a:b/c@0.3.7", "a:b/c@0.3.0"},
		{invented, "a:b/c@0.4.0", ""}, {invented, "a:b/c@0.0.3", "a:b/c@0.0.3"}, {invented, "a:b/c@0.0.4", ""}, {invented, "a:b/c@0.0.0", ""},
		{invented, "a:b/c@1.0.0-rc.1", "a:b/c@1.0.0-rc.1"}, {invented, "a:b/c@1.0.0-rc.2", ""}, {invented, "a:b/c@1.0.0", "a:b/c@1.5.0"},
		{invented, "a:b/c@1.9.0+b", ""}, {invented, "a:b/bare", "a:b/bare"}, {invented, "a:b/bare@1.0.0", ""}, {invented, "a:b/c", ""},
	} {
		bound, i, ok := c.r.Bind(c.name)
		if bound != c.want || ok != (c.want != "") || (i != nil) != ok {
			t.Errorf("%s binds to %q (%v), want %q", c.name, bound, ok, c.want)
		}
	}
	if got := Newest().Versions("astrid:process/host"); !slices.Equal(got, []string{"1.0.0", "1.1.0"}) {
		t.Error(got)
	}
}
