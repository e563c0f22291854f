package daemon

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// The courier that is embedded was built from the source beside it.
func TestCourierIsItsSource(t *testing.T) {
	listed := map[string]bool{}
	for line := range strings.Lines(testkit.Read(t, "courier/SHA256SUMS")) {
		sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		listed[name] = true
		if got := fmt.Sprintf("%x", sha256.Sum256([]byte(testkit.Read(t, filepath.Join("courier", name))))); got != sum {
			t.Errorf("courier/%s is not what courier.wasm was built with: run courier/build.sh", name)
		}
	}
	err := filepath.WalkDir("courier", func(path string, d os.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(path, "courier"+string(filepath.Separator)))
		if err == nil && !d.IsDir() && !listed[name] && name != "SHA256SUMS" && name != "README.md" && name != "build.sh" {
			t.Errorf("courier/%s is not in SHA256SUMS", name)
		}
		return err
	})
	testkit.Check(t, err)
}
