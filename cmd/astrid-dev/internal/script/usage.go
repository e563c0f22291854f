package script

import (
	"errors"
	"os/exec"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// cmdWrong runs astrid-dev with arguments that it must refuse: wrong ARG...
// Exit 2, nothing on stdout, on stderr one sentence and one help line at most.
func cmdWrong(ts *testscript.TestScript, _ bool, args []string) {
	var exit *exec.ExitError
	if err := ts.Exec("astrid-dev", args...); !errors.As(err, &exit) || exit.ExitCode() != 2 {
		ts.Fatalf("%q: %v, want exit code %d", args, err, 2)
	}
	if out := ts.ReadFile("stdout"); out != "" {
		ts.Fatalf("%q: stdout is not empty: %s", args, out)
	}
	lines := strings.Split(strings.TrimSuffix(ts.ReadFile("stderr"), "\n"), "\n")
	if len(lines) > 2 || !strings.HasPrefix(lines[0], "astrid-dev: error: ") || len(lines) == 2 && !strings.HasPrefix(lines[1], "  help: ") {
		ts.Fatalf("%q: stderr is not one error and its help: %q", args, lines)
	}
}
