package toolchain

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// A debug build of a crate overrides the profile that a release is built with, whichever that is, in a
// target folder of its own below the configured one; a profile that is made for debugging has none.
func TestDebugFormOfACrate(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		profile string
		target  string // CARGO_TARGET_DIR
		says    string // Cargo.toml
		flags   string // RUSTFLAGS
		prefix  string // of the overrides; "": there is no debug form
	}{
		{"", "", "[profile.release]\nlto = true\n", "", "profile.release."},
		{"", "", "[profile.release]\nlto = 'thin'\n", "", "profile.release."},
		{"", "", "[profile.release]\nlto = false\n", "", ""},
		{"", "", "[profile.release]\nlto = 'off'\n", "", ""},
		{"", "", "[profile.other]\nlto = true\n", "", ""},
		{"", "", "[profile.release]\nlto = 'no'\n", "", ""},
		{"", "", "", "-C lto=fat", "profile.release."},
		{"", "", "", "-Clto", "profile.release."},
		{"", "", "[profile.release]\nlto = true\n", "-C lto=fat -Clto=no", ""},
		{"small", "/elsewhere", "[profile.release]\nlto = true\n[profile.small]\ninherits = 'release'\n", "", "profile.small."},
		{"debug", "", "[profile.dev]\nlto = true\n", "", ""},
		{"dev", "", "", "", ""},
	} {
		testkit.Write(t, filepath.Join(dir, "Cargo.toml"), c.says)
		env := environ{"PATH=", "RUSTFLAGS=" + c.flags}
		if c.target != "" {
			env = env.with("CARGO_TARGET_DIR", c.target)
		}
		j := &job{Request: Request{Manifest: &capsule.Manifest{Dir: dir}}, dir: dir, env: env, profile: c.profile}
		release := readCrate(j)
		if release.hasDebugForm() != (c.prefix != "") {
			t.Errorf("profile %q: a debug form: %v", c.profile, release.hasDebugForm())
		}
		if c.prefix == "" {
			continue
		}
		debug := release.debug()
		want := release.targetDir + "/" + DebugTarget
		if got := cargo.Read(dir, debug.env.lookup).TargetDir(); debug.targetDir != want || got != want {
			t.Errorf("profile %q: products are in %q and cargo has them in %q, want %q", c.profile, debug.targetDir, got, want)
		}
		argv := debug.recipe("cargo", Identity{}).argv("")
		for _, setting := range debugSettings {
			if i := slices.Index(argv, c.prefix+setting); i < 1 || argv[i-1] != "--config" {
				t.Errorf("profile %q: %q lacks %s%s", c.profile, argv, c.prefix, setting)
			}
		}
		if plain := strings.Join(release.recipe("cargo", Identity{}).argv(""), " "); strings.Contains(plain, "--config") {
			t.Errorf("profile %q: a release is built as %s", c.profile, plain)
		}
		if len(release.overrides) > 0 || slices.Contains([]string(j.env), "CARGO_TARGET_DIR="+want) {
			t.Errorf("profile %q: the release was changed by its debug form", c.profile)
		}
	}
}
