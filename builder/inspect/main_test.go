package inspect

import (
	"os"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/proc"
)

func TestMain(m *testing.M) {
	for _, main := range []func([]string) (int, bool){proc.Main, guest.Main} {
		if code, handled := main(os.Args[1:]); handled {
			os.Exit(code)
		}
	}
	os.Exit(m.Run())
}
