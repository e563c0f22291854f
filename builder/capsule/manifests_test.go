package capsule

import (
	"path/filepath"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// realManifests is where a checkout of real capsules' manifests may lie,
// relative to this package.
const realManifests = "../../../shared/manifests"

func TestRealManifests(t *testing.T) {
	list, err := filepath.Glob(filepath.Join(realManifests, "*", "*", tree.ManifestName))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		testkit.Skip(t, "no real manifests at "+realManifests)
	}
	for _, path := range list {
		m, err := Load(filepath.Dir(path))
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if !m.Buildable() || m.Package.Name == "" || m.Components[0].File == "" {
			t.Errorf("%s: read as %+v", path, m.Package)
		}
		if doubts := m.Doubts(); len(doubts) > 0 {
			t.Errorf("%s: invented %v", path, doubts)
		}
	}
}
