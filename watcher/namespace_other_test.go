//go:build !linux

package watcher

import "testing"

func inNamespace() (code int, handled bool) { return 0, false }

func reexecAsNobody(t *testing.T) { skip(t, "root may read everything") }

func bindMount(t *testing.T, from, to string) (unmount func()) {
	skip(t, "no bind mounts here")
	return nil
}

func mountTmpfs(t *testing.T, to string) (unmount func()) {
	skip(t, "no tmpfs here")
	return nil
}
