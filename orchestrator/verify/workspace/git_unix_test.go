//go:build unix

package workspace

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// What git would wait for, as a named pipe without a writer, is named, and nobody waits.
func TestNobodyWaitsForGit(t *testing.T) {
	testkit.Needs(t, "git")
	for _, name := range []string{"HEAD", "index", "config", "packed-refs", "info/exclude", "refs/heads/main", "refs/heads/other"} {
		t.Run(strings.ReplaceAll(name, "/", " "), func(t *testing.T) {
			root := testkit.Folder(t)
			testkit.Write(t, filepath.Join(root, "capsule", "source"), "x")
			for _, args := range []string{"init -q", "add .", "commit -q -m first"} {
				testkit.Git(t, root, strings.Fields(args)...)
			}
			if _, err := Changes(t.Context(), []string{filepath.Join(root, "capsule")}, "HEAD"); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(root, ".git", filepath.FromSlash(name))
			if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Changes(t.Context(), []string{filepath.Join(root, "capsule")}, "HEAD")
			var said *usage.Error
			if !errors.As(err, &said) || !strings.Contains(err.Error(), path) || !strings.HasPrefix(said.Hint, "remove what stands there") {
				t.Errorf("got %v", err)
			}
		})
	}
}
