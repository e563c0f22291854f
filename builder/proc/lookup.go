package proc

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// lookPath finds the program that name means in a command's own environment.
func lookPath(name, dir string, env []string) (string, error) {
	if strings.ContainsRune(name, filepath.Separator) || strings.ContainsRune(name, '/') {
		if !filepath.IsAbs(name) {
			abs, err := filepath.Abs(filepath.Join(dir, name))
			if err != nil {
				return "", err
			}
			name = abs
		}
		return runnable(name, env)
	}
	var denied error
	for _, folder := range filepath.SplitList(lookEnv(env, "PATH")) {
		if !filepath.IsAbs(folder) {
			continue
		}
		path, err := runnable(filepath.Join(folder, name), env)
		if err == nil {
			return path, nil
		}
		if denied == nil && isPermission(err) {
			denied = err
		}
	}
	if denied != nil {
		return "", denied
	}
	return "", exec.ErrNotFound
}

// lookEnv returns the last value of key, as the started program will see it.
func lookEnv(env []string, key string) string {
	for i := len(env) - 1; i >= 0; i-- {
		name, value, ok := strings.Cut(env[i], "=")
		if ok && sameKey(name, key) {
			return value
		}
	}
	return ""
}

func notFound(err error) error { return fmt.Errorf("%w: %w", exec.ErrNotFound, err) }
