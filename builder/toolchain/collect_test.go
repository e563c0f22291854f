package toolchain

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

func TestCollect(t *testing.T) {
	const two = manifest + "[[component]]\nid = \"b\"\nfile = \"lib/b.wasm\"\n"
	const metadata = "[package.metadata.astrid-dev]\nbuild = [\"make\"]\n"
	for name, c := range map[string]struct {
		manifest string
		files    []string // relative to the capsule; OUT/ is the staging folder
		stale    []string // written just before the build
		want     []string
		problem  finding.Code
	}{
		"staged":             {manifest + metadata, []string{"OUT/cap.wasm", "dist/cap.wasm"}, nil, []string{"OUT/cap.wasm"}, ""},
		"staged, no ending":  {manifest + metadata, []string{"OUT/cap"}, nil, []string{"OUT/cap"}, ""},
		"dist":               {manifest + metadata, []string{"dist/cap.wasm"}, nil, []string{"dist/cap.wasm"}, ""},
		"output":             {manifest + metadata + "output = \"o/x.wasm\"\n", []string{"o/x.wasm", "dist/cap.wasm"}, nil, []string{"o/x.wasm"}, ""},
		"nothing":            {manifest + metadata, nil, nil, nil, "output-missing"},
		"only the old one":   {manifest + metadata, nil, []string{"cap.wasm"}, nil, "output-missing"},
		"published path":     {manifest + metadata, []string{"cap.wasm"}, nil, nil, "build-wrote-published"},
		"two":                {two + metadata, []string{"OUT/cap.wasm", "OUT/b.wasm"}, nil, []string{"OUT/cap.wasm", "OUT/b.wasm"}, ""},
		"one built, one is":  {two + metadata, []string{"OUT/cap.wasm"}, []string{"lib/b.wasm"}, []string{"OUT/cap.wasm", "lib/b.wasm"}, ""},
		"one built, one not": {two + metadata, []string{"OUT/cap.wasm"}, nil, nil, "output-missing"},
		"none built":         {two + metadata, nil, []string{"cap.wasm", "lib/b.wasm"}, nil, "output-missing"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			testkit.Write(t, filepath.Join(dir, tree.ManifestName), c.manifest)
			r, out := request(t, dir, fakes(t, "make")), t.TempDir()
			place := func(name string) string {
				if staged, ok := strings.CutPrefix(name, "OUT/"); ok {
					return filepath.Join(out, staged)
				}
				return filepath.Join(dir, filepath.FromSlash(name))
			}
			for _, name := range c.stale {
				testkit.Write(t, place(name), "x")
			}
			p, err := For(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			command := p.Command(out, t.TempDir())
			for _, name := range c.files {
				testkit.Write(t, place(name), "x")
			}
			list, err := command.Collect(time.Now(), nil)
			if c.problem != "" {
				var problem *finding.Failure
				if !errors.As(err, &problem) || problem.Step != finding.StepCollect || problem.Findings[0].Code != c.problem {
					t.Fatalf("%v %v, want %s", list, err, c.problem)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var want []Artifact
			for i, name := range c.want {
				want = append(want, Artifact{i, place(name)})
			}
			if diff := cmp.Diff(want, list); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWrapper(t *testing.T) {
	const bin = "node_modules/.bin/"
	for name, c := range map[string]struct {
		settings string
		path     []string
		project  []string
		want     string // "" when there is none
	}{
		"none":           {"", nil, nil, ""},
		"off":            {"wrap = false", []string{"wasm-tools"}, nil, ""},
		"not asked for":  {"", []string{"wasm-tools", "jco"}, []string{"jco"}, ""},
		"own":            {`wrap = ["mine", "--quiet"]`, []string{"mine"}, nil, "mine --quiet I -o O"},
		"own, placed":    {`wrap = ["mine", "--from={in}", "{out}"]`, []string{"mine"}, nil, "mine --from=I O"},
		"own, project's": {`wrap = ["jco", "new", "--quiet"]`, nil, []string{"jco"}, bin + "jco new --quiet I -o O"},
		"own, missing":   {`wrap = ["mine"]`, nil, nil, `toolchain: error: the wrapper "mine" is not installed, or not in PATH [tool-missing]`},
	} {
		t.Run(name, func(t *testing.T) {
			env := fakes(t, append(c.path, "make")...)
			dir := folder(t, "build = [\"make\"]\n"+c.settings)
			for _, tool := range c.project {
				testkit.Write(t, filepath.Join(dir, bin, tool), "")
				if err := os.Chmod(filepath.Join(dir, bin, tool), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			p, err := For(t.Context(), request(t, dir, env))
			if err != nil {
				t.Fatal(err)
			}
			wrapper := p.Command(t.TempDir(), t.TempDir()).Wrapper
			if wrapper == nil {
				if c.want != "" {
					t.Fatal("no wrapper")
				}
				return
			}
			argv, err := wrapper.Command("I", "O")
			if err != nil {
				argv = []string{err.Error()}
			}
			got := strings.Join(argv, " ")
			for _, prefix := range []string{strings.TrimPrefix(env[0], "PATH=") + "/", dir + "/"} {
				got = strings.TrimPrefix(got, prefix)
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestIdentityFollowsTheWrapper(t *testing.T) {
	without, with := fakes(t, "make"), fakes(t, "make", "mine")
	dir := folder(t, "build = [\"make\"]\nwrap = [\"mine\"]")
	var identities []string
	for _, env := range []environ{without, with, without.with("PATH", without.get("PATH")+":"+with.get("PATH"))} {
		p, err := For(t.Context(), request(t, dir, env))
		if err != nil {
			t.Fatal(err)
		}
		_, wrapper, _ := strings.Cut(strings.Join(p.Identity.Local, "\n"), "wrapper")
		identities = append(identities, wrapper)
	}
	if identities[0] == identities[1] || identities[1] != identities[2] {
		t.Errorf("%q", identities)
	}
}
