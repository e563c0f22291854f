package check

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

const (
	resultLine   = `"tool.v1.execute.*.result" = { wit = "@unicity-astrid/wit/types/tool-call-result" }` + "\n"
	describeOut  = `"tool.v1.response.describe.*" = { wit = "@unicity-astrid/wit/tool/describe-response" }` + "\n"
	describeIn   = `"tool.v1.request.describe" = { wit = "@unicity-astrid/wit/tool/describe-request", handler = "tool_describe" }` + "\n"
	toolHandlers = "[subscribe] # in\n\"tool.v1.execute.a\" = { wit = \"opaque\", handler = \"h\" } # a\n"
	randomLine   = "rustflags = ['--cfg=getrandom_backend=\"custom\"']\n"
)

// fixes say what a folder holds before and after; a file that is missing from
// after must not have changed.
var fixes = []struct {
	name          string
	before, after files
	left          []string // codes that Check still finds
}{
	{"nothing to mend", files{"Capsule.toml": pkg}, nil, nil},
	{"what has two remedies is left", files{"Capsule.toml": strings.Replace(pkg, `"x"`, `"X"`, 1), "package.json": `{"version":"2.0.0"}`}, nil, []string{"package-name"}},
	{"loose version",
		files{"Capsule.toml": "# a\n[package] # b\nname = \"x\"\n  version = \"v1.2\" # c\n\n# end"},
		files{"Capsule.toml": "# a\n[package] # b\nname = \"x\"\n  version = \"1.2.0\" # c\n\n# end"}, nil},
	{"a version that is none", files{"Capsule.toml": strings.Replace(pkg, "1.0.0", "one", 1)}, nil, []string{"package-version"}},
	{"text for a list",
		files{"Capsule.toml": pkg + "authors = \"me\" # me\n[capabilities]\nnet = '*'\n"},
		files{"Capsule.toml": pkg + "authors = [\"me\"] # me\n[capabilities]\nnet = [\"*\"]\n"}, nil},
	{"keys without effect",
		files{"Capsule.toml": pkg + "[publish]\n\"a\" = { wit = \"w\", handler = \"h\", priority = 1 } # a\n\"b\" = { handler = \"h\", wit = \"w\" }\n[publish.c]\nwit = \"w\"\nhandler = \"h\"\n# c\n[subscribe]\nd = { wit = \"w\", fanout = true, handler = \"h\" }\n"},
		files{"Capsule.toml": pkg + "[publish]\n\"a\" = { wit = \"w\" } # a\n\"b\" = { wit = \"w\" }\n[publish.c]\nwit = \"w\"\n# c\n[subscribe]\nd = { wit = \"w\", handler = \"h\" }\n"}, nil},
	{"topics of tools, no [publish]",
		files{"Capsule.toml": pkg + toolHandlers},
		files{"Capsule.toml": pkg + toolHandlers + describeIn + "\n[publish]\n" + resultLine + describeOut}, nil},
	{"topics of tools, tables in the middle, no line end",
		files{"Capsule.toml": pkg + toolHandlers + "\n# out\n[publish]\n\"a\" = \"opaque\" # last\n# after\n\n[env]"},
		files{"Capsule.toml": pkg + toolHandlers + describeIn + "\n# out\n[publish]\n\"a\" = \"opaque\" # last\n" + resultLine + describeOut + "# after\n\n[env]"}, nil},
	{"topics of tools, Windows line ends",
		files{"Capsule.toml": strings.ReplaceAll("\xef\xbb\xbf"+pkg+toolHandlers+describeIn+"[publish]\n", "\n", "\r\n")},
		files{"Capsule.toml": strings.ReplaceAll("\xef\xbb\xbf"+pkg+toolHandlers+describeIn+"[publish]\n"+resultLine+describeOut, "\n", "\r\n")}, nil},
	{"target and cfg from nothing",
		files{"Capsule.toml": manifest, "Cargo.toml": crate, "Cargo.lock": lock},
		files{".cargo/config.toml": target + "\n[target.wasm32-unknown-unknown]\n" + randomLine}, nil},
	{"cfg beside the target",
		files{"Capsule.toml": manifest, "Cargo.toml": crate, "Cargo.lock": lock, ".cargo/config.toml": target + "# end\n"},
		files{".cargo/config.toml": target + "# end\n\n[target.wasm32-unknown-unknown]\n" + randomLine}, nil},
	{"cfg beside other flags",
		files{"Capsule.toml": manifest, "Cargo.toml": crate, "Cargo.lock": lock, ".cargo/config.toml": target + "[target.wasm32-unknown-unknown]\nrustflags = [\n  \"-C\", \"opt-level=z\", # small\n]\n"},
		files{".cargo/config.toml": target + "[target.wasm32-unknown-unknown]\nrustflags = [\n  \"-C\", \"opt-level=z\", \"--cfg=getrandom_backend=\\\"custom\\\"\", # small\n]\n"}, nil},
	{"cfg beside flags of [build], which a table for the target would end",
		files{"Capsule.toml": manifest, "Cargo.toml": crate, "Cargo.lock": lock, ".cargo/config.toml": target + "rustflags = \"-C opt-level=z\"\n"},
		files{".cargo/config.toml": target + "rustflags = \"-C opt-level=z --cfg=getrandom_backend=\\\"custom\\\"\"\n"}, nil},
	{"target of the toolchain",
		files{"Capsule.toml": manifest, "Cargo.toml": crate, ".cargo/config.toml": target, "rust-toolchain.toml": "[toolchain]\ntargets = [\"wasm32-wasip1\"] # t\n"},
		files{"rust-toolchain.toml": "[toolchain]\ntargets = [\"wasm32-wasip1\", \"wasm32-unknown-unknown\"] # t\n"}, nil},
	{"targets of the toolchain",
		files{"Capsule.toml": manifest, "Cargo.toml": crate, ".cargo/config.toml": target, "rust-toolchain.toml": "[toolchain]\nchannel = \"1.94.0\"\n\n# end\n"},
		files{"rust-toolchain.toml": "[toolchain]\nchannel = \"1.94.0\"\ntargets = [\"wasm32-unknown-unknown\"]\n\n# end\n"}, nil},
}

func TestFix(t *testing.T) {
	ctx := context.Background()
	for _, c := range fixes {
		t.Run(c.name, func(t *testing.T) {
			dir := lay(t, c.before)
			path := filepath.Join(dir, tree.ManifestName)
			if err := os.Chmod(path, 0o640); err != nil {
				t.Fatal(err)
			}
			findings, err := checkDir(ctx, dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			changed, err := Fix(ctx, dir, findings)
			if err != nil {
				t.Fatal(err)
			}
			if len(changed) != len(c.after) {
				t.Errorf("changed %v", changed)
			}
			mustHold(t, dir, c.before, c.after)
			left, err := checkDir(ctx, dir, Options{})
			if err != nil {
				t.Fatal(err)
			}
			var codes []string
			for _, f := range left {
				codes = append(codes, string(f.Code))
			}
			if diff := cmp.Diff(c.left, codes); diff != "" {
				t.Errorf("left: (-want +got)\n%s", diff)
			}
			if again, err := Fix(ctx, dir, findings); err != nil || len(again) > 0 {
				t.Errorf("a second time: changed %v, %v", again, err)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("mode: %v, %v", info.Mode(), err)
			}
		})
	}
}

// mustHold fails unless dir holds the files of before with those of after in their place.
func mustHold(t *testing.T, dir string, before, after files) {
	t.Helper()
	want := files{}
	for _, list := range []files{before, after} {
		for name, text := range list {
			want[name] = text
		}
	}
	got := files{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		got[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A layout that a text edit cannot mend is an error and leaves the file whole.
func TestFixGivesUp(t *testing.T) {
	text := pkg + "publish = {}\n" + toolHandlers
	text = strings.Replace(text, pkg+"publish = {}\n", "publish = {}\n"+pkg, 1)
	dir := lay(t, files{"Capsule.toml": text})
	findings, err := checkDir(context.Background(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := Fix(context.Background(), dir, findings); err == nil || len(changed) > 0 {
		t.Errorf("changed %v, %v", changed, err)
	}
	mustHold(t, dir, files{"Capsule.toml": text}, nil)
}

// A link that leads outside is not written through.
func TestFixStaysInside(t *testing.T) {
	root := lay(t, files{"c/Capsule.toml": manifest, "c/Cargo.toml": crate, "@c/.cargo": "../shared", "shared/config.toml": "# shared\n"})
	findings, err := checkDir(context.Background(), filepath.Join(root, "c"), Options{})
	if err != nil || len(findings) == 0 {
		t.Fatal(findings, err)
	}
	if changed, err := Fix(context.Background(), filepath.Join(root, "c"), findings); err == nil || len(changed) > 0 {
		t.Errorf("changed %v, %v", changed, err)
	}
	if data, err := os.ReadFile(filepath.Join(root, "shared", "config.toml")); err != nil || string(data) != "# shared\n" {
		t.Errorf("shared: %q, %v", data, err)
	}
}

// Whatever the manifest, mending leaves TOML behind or the file as it was, says
// so truly, and mending again changes nothing.
func FuzzFix(f *testing.F) {
	for _, c := range fixes {
		f.Add(c.before["Capsule.toml"])
	}
	asked := []finding.Finding{}
	for _, code := range finding.Codes() {
		asked = append(asked, finding.Finding{Code: code.Code})
	}
	dir := f.TempDir()
	path := filepath.Join(dir, tree.ManifestName)
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := checkDir(context.Background(), dir, Options{}); err != nil {
			t.Fatal(err)
		}
		changed, err := Fix(context.Background(), dir, asked)
		data, readErr := os.ReadFile(path)
		if readErr != nil {
			t.Fatal(readErr)
		}
		if err != nil || len(changed) == 0 {
			if string(data) != text {
				t.Fatalf("changed %q without saying so: %q", text, data)
			}
			return
		}
		if doc, faults := tomldoc.Parse("", data); doc == nil {
			t.Fatalf("broke %q: %q: %v", text, data, faults)
		}
		if again, err := Fix(context.Background(), dir, asked); err != nil || len(again) > 0 {
			t.Fatalf("mending %q again: %v, %v", data, again, err)
		}
	})
}
