package toolchain

import (
	"path/filepath"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
)

// flags is the environment with what is added to the configured flags: getrandom's, and those that
// have the compiler leave lines and names, which change nothing of the code and are taken out
// before the module is published. They are flags and no settings of the profile, because cargo
// would name everything else otherwise. The variable hides every other source of flags, so all of
// them are repeated.
func (c *crate) flags() environ {
	if c.target != cargo.UnknownTarget {
		return c.env // its linker makes components, out of which nothing is taken
	}
	flags := c.files.Rustflags(c.target)
	if !cargo.HasRandomFlag(flags) {
		flags = append(flags, cargo.RandomFlag)
	}
	if !cargo.HasFlag(flags, "debuginfo") {
		flags = append(flags, "-Cdebuginfo=line-tables-only")
	}
	if !cargo.HasFlag(flags, "strip") {
		flags = append(flags, "-Cstrip=none")
	}
	return c.env.with("CARGO_ENCODED_RUSTFLAGS", strings.Join(flags, cargo.UnitSeparator))
}

// profileDir is the folder below the target's that the profile writes to.
func (c *crate) profileDir() string {
	switch p := c.cargoProfile(); p {
	case "dev", "test":
		return "debug"
	case "bench":
		return "release"
	default:
		return p
	}
}

// cargoProfile is the profile's name as cargo's command line takes it.
func (c *crate) cargoProfile() string {
	switch c.profile {
	case "":
		return "release"
	case "debug":
		return "dev"
	}
	return c.profile
}

// likely are the files that cargo will make.
func (c *crate) likely() (list []string) {
	folder := filepath.Join(c.targetDir, strings.TrimSuffix(filepath.Base(c.target), ".json"), c.profileDir())
	for _, name := range c.files.Manifest.Modules(c.dir) {
		list = append(list, filepath.Join(folder, name))
	}
	return list
}
