package capsule

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// testdata/everything.toml has every key in every form.
func TestReadEverything(t *testing.T) {
	data, err := os.ReadFile("testdata/everything.toml")
	if err != nil {
		t.Fatal(err)
	}
	m, findings := Parse("some/dir/Capsule.toml", data)
	if len(findings) > 0 || len(m.Doubts()) > 0 {
		t.Fatal(findings, m.Doubts())
	}
	want := &Manifest{
		Path: "some/dir/Capsule.toml", Dir: filepath.FromSlash("some/dir"),
		Package: Package{
			Name: "every-thing-2", Version: "1.2.3-rc.1+build.5", Description: "d", Authors: []string{"A <a@b>"},
			Repository: "r", Homepage: "h", Documentation: "o", License: "MIT", LicenseFile: "L", Readme: "R",
			Keywords: []string{"k"}, Categories: []string{"c"}, AstridVersion: ">=0.7.0, <0.11", Publish: false,
			Include: []string{"a/**"}, Exclude: []string{"b"},
		},
		Components: []Component{
			{ID: "one", File: "one.wasm", Hash: "00", Type: "executable", Link: []string{"two"}, Output: "dist/one.wasm",
				Capabilities: &Capabilities{Net: []string{"a", "c"}, FSRead: []string{"cwd://"}}},
			{ID: "two", File: "sub/two.wasm", Type: "library", Capabilities: &Capabilities{KV: []string{"s"}}},
		},
		Capabilities: Capabilities{
			Net: []string{"a", "b", "c"}, FSRead: []string{"cwd://"}, KV: []string{"s"}, NetConnect: []string{"h:1"}, Identity: []string{"resolve"},
			AllowPersistent: true, AllowPromptInjection: true, BindWorkers: 3,
		},
		Imports: []Import{
			{Namespace: "astrid", Name: "session", Requirement: "^1.0", Key: []string{"imports", "astrid:session"}},
			{Namespace: "astrid", Name: "llm", Requirement: "*", Optional: true, Key: []string{"imports", "astrid", "llm"}},
		},
		Exports: []Export{
			{Namespace: "my", Name: "flat", Version: "1.0.0", Key: []string{"exports", "my:flat"}},
			{Namespace: "my", Name: "nested", Version: "2.0.0", Key: []string{"exports", "my", "nested"}},
		},
		Publish: []Topic{
			{Pattern: "a.v1.*", Wit: "opaque", Priority: 100, Key: []string{"publish", "a.v1.*"}},
			{Pattern: "b.v1.x", Wit: "@s/w/i/r", Tag: "v1", Fanout: true, Priority: 100, Key: []string{"publish", "b.v1.x"}},
		},
		Subscribe: []Topic{
			{Pattern: "c.v1.x", Wit: "w", Path: "../p", Handler: "h", Priority: 10, Key: []string{"subscribe", "c.v1.x"}},
			{Pattern: "a.v1.y", Wit: "w", Handler: "h", Priority: 100, Key: []string{"subscribe", "a.v1.y"}},
		},
		Env: []EnvVar{
			{Name: "KEY", Type: "secret", Request: "q", Description: "d", Placeholder: "p", Key: []string{"env", "KEY"}},
			{Name: "MODEL", Type: "select", Default: "m", OptionsFrom: &OptionsFrom{HTTP: "u", Bearer: "{KEY}", Select: "s", After: []string{"KEY"}}, Key: []string{"env", "MODEL"}},
			{Name: "MODE", Type: "select", Default: "y", EnumValues: []string{"x", "y"}, Key: []string{"env", "MODE"}},
		},
		Commands:     []Command{{"say", "d", "say.toml", "slash"}, {"do-it", "", "", "cli"}},
		Tools:        []Tool{{"t", "does t", "rec", true}},
		ContextFiles: []ContextFile{{"n", "n.md"}},
		MCPServers:   []MCPServer{{"s", "d", "stdio", "npx", []string{"-y"}}},
		Uplinks:      []Uplink{{"u", "cli", "chat"}},
		Dev: Settings{
			Toolchain: "tinygo", Build: []string{"make", "wasm"}, Inputs: []string{"../shared", "../wit/**/*.wit"}, Ignore: []string{"gen/", "*.snap"},
			Profile: "release", Env: map[string]string{"KEY": "value", "N": "3", "B": "true"}, Timeout: 5 * time.Minute,
			Wrap:  Wrap{Argv: []string{"wasm-tools", "component", "new"}},
			Smoke: Smoke{Memory: 64 << 20, Timeout: 1500 * time.Millisecond, Call: []string{"tool_describe"}},
		},
	}
	want.Components[0].Hash = m.Components[0].Hash
	if diff := cmp.Diff(want, m, cmpopts.IgnoreUnexported(Manifest{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPosition(t *testing.T) {
	m, findings := Parse(tree.ManifestName, []byte("# c\n[package]\nname = \"x\"\n  version = \"1.0.0\"\n[[component]]\nfile = \"a.wasm\"\n\n[[component]]\nid = \"b\"\nentrypoint = \"b.wasm\"\n[publish]\n\"a.b\" = { wit = \"w\" }\n"))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	for _, c := range []struct {
		key          []string
		line, column int
	}{
		{[]string{"package"}, 2, 2},
		{[]string{"package", "version"}, 4, 3},
		{[]string{"component[0]", "file"}, 6, 1},
		{[]string{"component[1]"}, 8, 3},
		{[]string{"component[1]", "entrypoint"}, 10, 1},
		{[]string{"publish", "a.b", "wit"}, 12, 11},
		{[]string{"package", "astrid-version"}, 2, 1}, // not there: its table
		{[]string{"component[7]", "file"}, 1, 1},
		{nil, 1, 1},
	} {
		if line, column := m.Position(c.key...); line != c.line || column != c.column {
			t.Errorf("%q stands at %d:%d, want %d:%d", c.key, line, column, c.line, c.column)
		}
	}
}

func TestWrap(t *testing.T) {
	for text, want := range map[string]Wrap{"false": {Off: true}, "true": {}, `["a"]`: {Argv: []string{"a"}}} {
		m, findings := Parse(tree.ManifestName, []byte("[package]\nname = \"x\"\nversion = \"1.0.0\"\nmetadata.astrid-dev.wrap = "+text+"\n"))
		if diff := cmp.Diff(want, m.Dev.Wrap); diff != "" || len(findings) > 0 {
			t.Errorf("%s: %v %s", text, findings, diff)
		}
	}
}

func TestRequirement(t *testing.T) {
	for _, s := range []string{"*", "1", "1.2", "^1.0", ">=0.7.0", "~1.2.3", "=1.2.3-rc.1", ">=1.0, <2.0", ">1.*", "1.*.*", " ^1 , <3 ", "1.2.x", "<= 1.2.3+b"} {
		if fault := requirementFault(s); fault != "" {
			t.Errorf("%q: %s", s, fault)
		}
	}
	for _, s := range []string{"", " ", "latest", "v1.0", "1.0 2.0", "1 || 2", "^1.0,", "01.0", "1.*.3", "1.2-rc", "1.2.3.4", "=>1", "*, 1", ">=*"} {
		if requirementFault(s) == "" {
			t.Errorf("%q is taken for a requirement", s)
		}
	}
}

func TestNearest(t *testing.T) {
	for word, want := range map[string]string{"timeuot": "timeout", "time_out": "timeout", "tool-chain": "toolchain", "ignored": "ignore", "colour": "", "x": "", "": "", "outptu": "output"} {
		if got := Nearest(word, settingKeys); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

func TestSizes(t *testing.T) {
	for text, want := range map[string]uint64{"64MiB": 64 << 20, "1 GiB": 1 << 30, "10 kB": 10_000, "7B": 7, "2MB": 2_000_000} {
		if got, ok := ParseSize(text); !ok || got != want {
			t.Errorf("%q: %d, %v", text, got, ok)
		}
	}
	for _, text := range []string{"", "64", "MiB", "-1MiB", "1.5GiB", "99999999999999999999B", "18446744073709551615GiB"} {
		if got, ok := ParseSize(text); ok {
			t.Errorf("%q is taken for %d bytes", text, got)
		}
	}
}
