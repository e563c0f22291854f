package toolchain

import (
	"os"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/proc"
)

func TestMain(m *testing.M) {
	if code, handled := proc.Main(os.Args[1:]); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}
