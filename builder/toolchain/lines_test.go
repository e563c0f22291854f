package toolchain

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// TestGolden reads what real compilers wrote, kept in testdata/output: first the
// findings that are expected, then a line of dashes, then the output. The
// folder of each build was /c.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/output/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, output, ok := strings.Cut(strings.ReplaceAll(string(data), "␛", "\x1b"), "\n----\n")
			if !ok {
				t.Fatal("no line of dashes")
			}
			name, _, _ := strings.Cut(filepath.Base(file), "-")
			var got []string
			for _, f := range readLines("/c", "/c", syntaxesOf(t, name), []byte(output)) {
				got = append(got, strings.ReplaceAll(f.String(), "\n", `\n`))
			}
			if diff := cmp.Diff(want, strings.Join(got, "\n")); diff != "" {
				t.Errorf("findings (-want +got):\n%s\ngot:\n%s", diff, strings.Join(got, "\n"))
			}
		})
	}
}

func syntaxesOf(t *testing.T, name string) []syntax {
	if name == command.name {
		return command.syntaxes
	}
	for _, l := range languages {
		if l.name == name {
			return l.syntaxes
		}
	}
	t.Fatalf("no toolchain %q", name)
	return nil
}

// A tool in a sandbox names files as it sees them.
func TestPlacesInASandbox(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"app.py", "src/other.py", "a/twice.py", "b/twice.py", "js/main.js"} {
		testkit.Write(t, filepath.Join(dir, file), "")
	}
	for name, want := range map[string]string{
		"/0/app.py": "app.py", "/1/other.py": "src/other.py", "/js/main.js": "js/main.js", // componentize-py, with -p src; QuickJS
		"/0/twice.py": "/0/twice.py", "/0/gone.py": "/0/gone.py", "/0": "/0", "/x/app.py": "/x/app.py",
		filepath.Join(dir, "app.py"): "app.py",
	} {
		if got := relative(dir, dir, name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
