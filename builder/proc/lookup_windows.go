package proc

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// runnable returns path, or path with one of PATHEXT's endings, when it is a file.
func runnable(path string, env []string) (string, error) {
	endings := lookEnv(env, "PATHEXT")
	if endings == "" {
		endings = ".COM;.EXE;.BAT;.CMD" // what cmd.exe falls back to
	}
	tries := strings.Split(endings, ";")
	if filepath.Ext(path) != "" {
		tries = append([]string{""}, tries...)
	}
	for _, ending := range tries {
		if info, err := os.Stat(path + ending); err == nil && !info.IsDir() {
			return path + ending, nil
		}
	}
	return "", fmt.Errorf("%w: %w", exec.ErrNotFound, fs.ErrNotExist)
}
