package daemon

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
)

const (
	program  = "astrid-daemon"
	getIt    = "cargo install astrid --locked puts astrid and astrid-daemon into cargo's bin folder; or name them: --astrid PATH"
	cliName  = "astrid"
	noSocket = "the private runtime needs Linux or macOS"
)

// Find is the path of astrid-daemon: with astrid "" that in PATH, else that beside the program
// named astrid, or in the folder of that name, or the file itself. The error is a *usage.Error.
func Find(astrid string) (string, error) {
	if runtime.GOOS == "windows" {
		return "", usage.New(errors.New(noSocket))
	}
	if astrid == "" {
		path, err := exec.LookPath(program)
		if err != nil {
			return "", usage.Hint(errors.New("no "+program+" in PATH"), getIt)
		}
		return filepath.Abs(path)
	}
	path, err := filepath.Abs(astrid)
	if err != nil {
		return "", usage.New(err)
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", usage.Hint(fmt.Errorf("--astrid: %w", err), getIt)
	case info.IsDir():
		path = filepath.Join(path, program)
	case filepath.Base(path) == cliName:
		path = filepath.Join(filepath.Dir(path), program)
	}
	if _, err := exec.LookPath(path); err != nil {
		return "", usage.Hint(fmt.Errorf("--astrid: no program %s", path), getIt)
	}
	return path, nil
}
