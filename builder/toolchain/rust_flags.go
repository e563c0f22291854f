package toolchain

import (
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
)

// flags is the environment with getrandom's flag added to what is configured.
// The variable hides every other source of flags, so all of them are repeated.
func (c *crate) flags() environ {
	if c.target != cargo.UnknownTarget {
		return c.env
	}
	flags := c.files.Rustflags(c.target)
	if cargo.HasRandomFlag(flags) {
		return c.env
	}
	return c.env.with("CARGO_ENCODED_RUSTFLAGS", strings.Join(append(flags, cargo.RandomFlag), cargo.UnitSeparator))
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
