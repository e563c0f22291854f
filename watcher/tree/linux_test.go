package tree

import (
	"context"
	"errors"
	"testing"
)

// A file whose size says nothing about its content has no digest, rather than a wrong one.
func TestFileLongerThanItsSize(t *testing.T) {
	const path = "/proc/version" // of size 0, and not empty
	s, err := takeFiles(context.Background(), []string{path}, t.TempDir())
	if !errors.Is(err, ErrChanging) {
		t.Errorf("took %+v, error %v, want ErrChanging", s, err)
	}
}
