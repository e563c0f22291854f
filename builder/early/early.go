package early

import (
	"os"

	"github.com/astrid-runtime/astrid-dev/builder/proc"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
)

func init() {
	for _, main := range []func([]string) (int, bool){proc.Main, smoke.Main} {
		if code, handled := main(os.Args[1:]); handled {
			os.Exit(code)
		}
	}
}
