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
