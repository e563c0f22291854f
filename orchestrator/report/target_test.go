package report

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

func TestParseTarget(t *testing.T) {
	for s, want := range map[string]Target{
		"json=a": {FormatJSON, "a"}, "junit=a=b.xml": {FormatJUnit, "a=b.xml"}, "sarif=/x y/z": {FormatSARIF, "/x y/z"}, "markdown=./m.md": {FormatMarkdown, "./m.md"},
	} {
		if got, err := ParseTarget(s); err != nil || got != want || got.String() != s {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for s, hint := range map[string]string{
		"": "json=report.json", "report.json": "json=report.json", "xml=a": "json, junit, sarif, markdown", "JSON=a": "one of", "=a": "one of",
		"json=": "missing", "json=-": "--format json", "json=a/": "folder", "json=a\x00": "NUL",
	} {
		if _, err := ParseTarget(s); !errors.Is(err, ErrTarget) || !strings.Contains(err.Error(), hint) {
			t.Errorf("%q: error %v does not say %q", s, err, hint)
		}
	}
}

func TestOneFileIsWrittenOnce(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.MkdirAll("real", 0o755); err != nil {
		t.Fatal(err)
	}
	same := [][]string{{"json=a", "junit=a"}, {"json=a", "json=./x/../a"}, {"json=a", "sarif=" + filepath.Join(dir, "a")}}
	if err := os.Symlink("real", "link"); err == nil {
		same = append(same, []string{"json=real/new/a", "junit=link/new/a"})
	} else if runtime.GOOS != "windows" { // links need a right there
		t.Fatal(err)
	}
	for _, list := range same {
		if _, err := ParseTargets(list); !errors.Is(err, ErrTarget) || !strings.Contains(err.Error(), "same file") {
			t.Errorf("%q: error %v", list, err)
		}
	}
	got, err := ParseTargets([]string{"json=a", "json=b", "junit=real/a"})
	if err != nil || len(got) != 3 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestWriteFiles(t *testing.T) {
	dir := t.TempDir()
	targets, err := ParseTargets([]string{"json=" + dir + "/new/deep/r.json", "junit=" + dir + "/r.xml", "sarif=" + dir + "/r.sarif", "markdown=" + dir + "/r.md"})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time over the first's files
		if err := WriteFiles(targets, sample()); err != nil {
			t.Fatal(err)
		}
	}
	for _, target := range targets {
		text, err := os.ReadFile(target.Path)
		var want strings.Builder
		if err2 := Write(&want, target.Format, sample()); err != nil || err2 != nil || string(text) != want.String() {
			t.Errorf("%s: %d bytes, %v, %v", target, len(text), err, err2)
		}
	}
	noTemps(t, dir)
}

// A report that cannot be written leaves the old one, and does not stop the others.
func TestAFailureKeepsTheOldFile(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "r.json")
	if err := os.WriteFile(old, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := Report{Capsules: []Capsule{{Dir: "a", Steps: []Step{{Name: 99}}}}}
	if err := WriteFile(old, FormatJSON, broken); err == nil || !strings.Contains(err.Error(), "r.json") {
		t.Errorf("error %v", err)
	}
	if text, _ := os.ReadFile(old); string(text) != "old" {
		t.Errorf("the old report is now %q", text)
	}
	noTemps(t, dir)
	err := WriteFiles([]Target{{FormatJSON, dir}, {FormatJUnit, filepath.Join(old, "below-a-file")}, {FormatJSON, old}}, sample())
	if err == nil || !strings.Contains(err.Error(), "folder") || !strings.Contains(err.Error(), "below-a-file") {
		t.Errorf("error %v", err)
	}
	if text, _ := os.ReadFile(old); !strings.HasPrefix(string(text), "{") {
		t.Errorf("the third report was not written: %q", text)
	}
	if info, _ := os.Stat(old); runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file's mode became %v", info.Mode())
	}
	noTemps(t, dir)
}

func TestALinkIsFollowed(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link.json")
	if err := os.WriteFile(filepath.Join(dir, "real.json"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.json", link); err != nil {
		testkit.Skip(t, "symbolic links cannot be made here: %v", err)
	}
	if err := WriteFile(link, FormatJSON, sample()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(link)
	text, _ := os.ReadFile(filepath.Join(dir, "real.json"))
	if err != nil || info.Mode()&os.ModeSymlink == 0 || len(text) == 0 {
		t.Errorf("%v, %v, %d bytes", info.Mode(), err, len(text))
	}
}

func TestADeviceIsWrittenAsItIs(t *testing.T) {
	if runtime.GOOS == "windows" {
		testkit.Skip(t, "Windows has no /dev/null")
	}
	if err := WriteFile("/dev/null", FormatJSON, sample()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat("/dev/null"); err != nil || info.Mode().IsRegular() {
		t.Fatal("the device was replaced")
	}
}

// What cannot be written is told before a long run, and telling it changes no file.
func TestProbe(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old.json")
	if err := os.WriteFile(old, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Probe([]Target{{FormatJSON, old}, {FormatJUnit, filepath.Join(dir, "new", "deep", "r.xml")}}); err != nil {
		t.Error(err)
	}
	err := Probe([]Target{{FormatJSON, dir}, {FormatSARIF, filepath.Join(old, "r.sarif")}})
	if err == nil || !strings.Contains(err.Error(), "it is a folder") || !strings.Contains(err.Error(), "r.sarif") {
		t.Errorf("error %v", err)
	}
	if text, _ := os.ReadFile(old); string(text) != "old" || exists(filepath.Join(dir, "new", "deep", "r.xml")) {
		t.Errorf("a report was written: %q", text)
	}
	noTemps(t, dir)
	noTemps(t, filepath.Join(dir, "new", "deep"))
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func noTemps(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}
