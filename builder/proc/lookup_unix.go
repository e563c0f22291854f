//go:build unix

package proc

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"

	"golang.org/x/sys/unix"
)

// runnable returns path when it is a regular file that may be executed.
func runnable(path string, _ []string) (string, error) {
	if strings.IndexByte(path, 0) >= 0 {
		return "", fmt.Errorf("%q: %w", path, fs.ErrInvalid)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ENOTDIR):
		return "", fmt.Errorf("%w: %w", exec.ErrNotFound, err)
	case err != nil:
		return "", err
	case info.IsDir():
		return "", fmt.Errorf("%q is a folder: %w", path, fs.ErrPermission)
	case info.Mode()&0o111 == 0:
		return "", fmt.Errorf("%q is not executable: %w", path, fs.ErrPermission)
	}
	return path, nil
}
