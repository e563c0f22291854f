package capsule

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// checkPlaces fails unless every finding stands in the text and says something.
func checkPlaces(t *testing.T, text string, list []finding.Finding) {
	t.Helper()
	lines := strings.Split(text, "\n")
	for _, f := range list {
		switch {
		case f.Line < 1 || f.Line > len(lines):
			t.Errorf("line %d of %d: %v", f.Line, len(lines), f)
		case f.Column < 1 || f.Column > len(lines[f.Line-1])+2: // one for a line end, one past the last byte
			t.Errorf("column %d of %d: %v", f.Column, len(lines[f.Line-1]), f)
		case f.Message == "" || strings.Contains(f.Message, "map[") || strings.Contains(f.Message, "interface {"):
			t.Errorf("unclear: %v", f)
		}
		if _, known := f.Code.Rule(); !known {
			t.Errorf("code %q is in no table", f.Code)
		}
	}
}

// Any bytes end in a manifest and findings that stand in the file, and a
// manifest without errors holds what the rest of the program relies on.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "a = 1", "[a]\nb = 1\n[a.c]\nd = 2\n", "\xef\xbb\xbfa = 1", "[[component]]\nfile = 1\n", "[package.metadata]\nastrid-dev = 1\n"} {
		f.Add([]byte(seed))
	}
	data, err := os.ReadFile("testdata/messages.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, part := range strings.Split(string(data), "\n-- ") {
		if name, input, _ := strings.Cut(part, " --\n"); strings.HasSuffix(name, ".toml") {
			f.Add([]byte(input))
		}
	}
	f.Add([]byte("[package]\nname=\"a\"\nversion=\"1.0.0\"\n[[component]]\nfile=\"a.wasm\"\n[package.metadata.astrid-dev]\nbuild=[\"x\"]\noutput=\"o.wasm\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, findings := Parse("dir/Capsule.toml", data)
		if m == nil {
			t.Fatal("no manifest")
		}
		text := string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
		checkPlaces(t, text, findings)
		checkPlaces(t, text, m.Doubts())
		if finding.Count(findings, finding.Error) > 0 {
			return
		}
		if m.Package.Name == "" || strings.ContainsAny(m.Package.Name, "/\\.\x00") || m.Package.Version == "" {
			t.Errorf("accepted the package %+v", m.Package)
		}
		for _, c := range m.Components {
			if !filepath.IsLocal(filepath.FromSlash(c.File)) || c.Output != "" && !filepath.IsLocal(filepath.FromSlash(c.Output)) {
				t.Errorf("accepted the component %+v", c)
			}
		}
	})
}
