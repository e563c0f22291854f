package calls

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// What a guest changed is taken over into the folder, and nowhere else, whatever it names and
// whatever lies in the folder.
func TestTakeOver(t *testing.T) {
	above := t.TempDir()
	dir := filepath.Join(above, "cwd")
	testkit.WriteAll(t, above, map[string]string{"beside": "mine", "cwd/old": "old", "cwd/gone/f": "f", "cwd/was-file": "x"})
	o := Options{Cwd: dir, Write: true}
	err := o.takeOver([]host.File{
		{Path: "cwd://old", Data: []byte("new")},
		{Path: "cwd://gone/f", Gone: true}, {Path: "cwd://gone", Gone: true}, {Path: "cwd://absent", Gone: true},
		{Path: "cwd://was-file", Folder: true}, {Path: "cwd://a", Folder: true}, {Path: "cwd://a/b", Data: []byte("b")},
		{Path: "home://h", Data: []byte("h")}, {Path: "/tmp/t", Data: []byte("t")},
	})
	// A file stands where a folder is to be: it is told, and what was before is there.
	if err == nil || !strings.Contains(err.Error(), "was-file") {
		t.Errorf("a folder over a file: %v", err)
	}
	if got := testkit.Read(t, filepath.Join(dir, "old")); got != "new" {
		t.Errorf("old has %q", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "gone")); !os.IsNotExist(err) {
		t.Errorf("what was removed is there: %v", err)
	}
	testkit.Link(t, "..", filepath.Join(dir, "out"))
	testkit.Link(t, filepath.Join(above, "beside"), filepath.Join(dir, "link"))
	for _, path := range []string{"cwd://../beside", "cwd://out/beside", "cwd://link", "cwd:///" + above + "/beside", "cwd://out/new"} {
		if err := o.takeOver([]host.File{{Path: path, Data: []byte("theirs")}}); err == nil {
			t.Errorf("%s was written", path)
		}
	}
	if err := o.takeOver([]host.File{{Path: "cwd://../beside", Gone: true}}); err == nil {
		t.Error("a file beside the folder was removed")
	}
	if got := testkit.Read(t, filepath.Join(above, "beside")); got != "mine" {
		t.Errorf("beside the folder lies %q", got)
	}
	if _, err := os.Stat(filepath.Join(above, "new")); !os.IsNotExist(err) {
		t.Error("a new file lies beside the folder")
	}
}
