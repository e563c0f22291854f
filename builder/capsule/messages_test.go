package capsule

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

var update = flag.Bool("update", false, "write what the tests see as what they want")

// binaryFaults are the files that a text archive cannot hold, and those that
// every rule but one comes from the archive.
var binaryFaults = map[string]struct {
	data []byte
	code finding.Code
}{
	"utf-16 little endian": {[]byte("\xff\xfe[\x00p\x00]\x00"), finding.ManifestEncoding},
	"utf-16 big endian":    {[]byte("\xfe\xff\x00[\x00p"), finding.ManifestEncoding},
	"utf-16 without mark":  {[]byte("[\x00p\x00]\x00"), finding.ManifestEncoding},
	"two marks":            {[]byte("\ufeff\ufeff[package]\n"), finding.ManifestEncoding},
	"zero byte":            {[]byte("[package]\nname = \"a\x00b\"\n"), finding.ManifestEncoding},
	"latin-1":              {[]byte("[package]\nname = \"\xe9t\xe9\"\n"), finding.ManifestEncoding},
	"a module":             {[]byte("\x00asm\x01\x00\x00\x00"), finding.ManifestEncoding},
	"too large":            {bytes.Repeat([]byte("# x\n"), tomldoc.MaxSize/4+1), finding.ManifestTooLarge},
	"deep keys":            {[]byte(strings.Repeat("a.", 100) + "a = 1\n"), finding.ManifestTooDeep},
}

func TestMessages(t *testing.T) {
	const path = "testdata/messages.txtar"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte("\r\n")) {
		t.Error("the archive's case with Windows line ends has lost them")
	}
	seen := map[finding.Code]bool{}
	parts := strings.Split(string(data), "\n-- ") // what stands between is "name --\ntext"
	for i := 1; i+1 < len(parts); i += 2 {
		name, input, _ := strings.Cut(parts[i]+"\n", " --\n")
		header, want, _ := strings.Cut(parts[i+1]+"\n", " --\n")
		m, findings := Parse(tree.ManifestName, []byte(input))
		all := append(findings, m.Doubts()...)
		checkPlaces(t, input, all)
		var got strings.Builder
		for _, f := range all {
			seen[f.Code] = true
			got.WriteString(f.String() + "\n")
			if f.Hint != "" {
				got.WriteString("    " + f.Hint + "\n")
			}
		}
		if *update {
			parts[i+1] = strings.TrimSuffix(header+" --\n"+got.String(), "\n")
		} else if diff := cmp.Diff(strings.TrimRight(want, "\n"), strings.TrimRight(got.String(), "\n")); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
	for name, c := range binaryFaults {
		_, findings := Parse(tree.ManifestName, c.data)
		checkPlaces(t, string(c.data), findings)
		if len(findings) != 1 || findings[0].Code != c.code {
			t.Errorf("%s: %v, want %s", name, findings, c.code)
		}
		seen[c.code] = true
	}
	for _, r := range finding.Codes() {
		if r.Part == finding.PartManifest && !seen[r.Code] {
			t.Errorf("no test provokes %s", r.Code)
		}
	}
	if *update {
		if err := os.WriteFile(path, []byte(strings.TrimRight(strings.Join(parts, "\n-- "), "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, tree.ManifestName)
	if _, err := Load(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no manifest: %v", err)
	}
	testkit.Write(t, path, "[package]\nname = \"a b\"\nversion = \"1\"\n")
	_, err := Load(dir)
	var wrong *Error
	if !errors.As(err, &wrong) || len(wrong.Findings) != 2 || !strings.Contains(err.Error(), "(and 1 more)") || !strings.HasPrefix(err.Error(), path+":2:8: ") {
		t.Errorf("a bad manifest: %v", err)
	}
	testkit.Write(t, path, "\xef\xbb\xbf[package]\r\nname = \"a\"\r\nversion = \"1.0.0-rc.1+b\"\r\n")
	m, err := Load(dir)
	if err != nil || m.Buildable() || m.Dir != dir || m.Package.Name != "a" {
		t.Errorf("with a byte order mark and CRLF: %+v, %v", m, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a folder in the manifest's place: %v", err)
	}
}
