//go:build !linux

package watcher

import (
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func inNamespace() (code int, handled bool) { return 0, false }

func reexecAsNobody(t *testing.T) { testkit.Skip(t, "root may read everything") }

func bindMount(t *testing.T, from, to string) (unmount func()) {
	testkit.Skip(t, "no bind mounts here")
	return nil
}

func mountTmpfs(t *testing.T, to string) (unmount func()) {
	testkit.Skip(t, "no tmpfs here")
	return nil
}
