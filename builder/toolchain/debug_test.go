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
		many    bool   // units, and exports are folded
	}{
		{"", "", "[profile.release]\nlto = true\n", "", "profile.release.", true},
		{"", "", "[profile.release]\nlto = 'thin'\n", "", "profile.release.", false},
		{"", "", "[profile.release]\nlto = 'thin'\ncodegen-units = 1\n", "", "profile.release.", true},
		{"", "", "[profile.release]\nlto = 'fat'\nopt-level = 'z'\n", "", "profile.release.", true},
		{"", "", "[profile.release]\nlto = true\nopt-level = 1\n", "", "profile.release.", false},
		{"", "", "[profile.release]\nlto = false\n", "", "", false},
		{"", "", "[profile.release]\nlto = 'off'\n", "", "", false},
		{"", "", "[profile.other]\nlto = true\n", "", "", false},
		{"", "", "[profile.release]\nlto = 'no'\n", "", "", false},
		{"", "", "", "-C lto=fat", "profile.release.", true},
		{"", "", "", "-Clto", "profile.release.", true},
		{"", "", "", "-Clto=thin -Ccodegen-units=1", "profile.release.", true},
		{"", "", "[profile.release]\nlto = true\n", "-C opt-level=0", "profile.release.", false},
		{"", "", "[profile.release]\nlto = true\n", "-C lto=fat -Clto=no", "", false},
		{"small", "/elsewhere", "[profile.release]\nlto = true\n[profile.small]\ninherits = 'release'\n", "", "profile.small.", true},
		{"small", "", "[profile.small]\ninherits = 'dev'\nlto = true\n", "", "profile.small.", false},
		{"debug", "", "[profile.dev]\nlto = true\n", "", "", false},
		{"dev", "", "", "", "", false},
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
		recipe := debug.recipe("cargo", Identity{})
		if recipe.Fold != c.many || release.recipe("cargo", Identity{}).Fold {
			t.Errorf("profile %q, %q, flags %q: exports are folded: %v", c.profile, c.says, c.flags, recipe.Fold)
		}
		argv, units := recipe.argv(""), oneUnit
		if c.many {
			units = manyUnits
		}
		for _, setting := range append([]string{units}, debugSettings...) {
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
