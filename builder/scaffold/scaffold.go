// Package scaffold writes new capsules.
package scaffold

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/examples"
)

// goFiles is a copy of examples/hello-go, with .txt after each name, since the
// original is a module of its own and cannot be embedded. A test holds the two
// equal; go test ./builder/scaffold -update writes the copy.
//
//go:embed hello-go
var goFiles embed.FS

// Default is the language of a capsule when none is named.
const Default = "sdk"

// language is a kind of capsule that can be written.
type language struct {
	Template
	source  fs.FS
	example string
	prepare []string // to be run in the new folder before the first build
}

// Template is what a person chooses a language by.
type Template struct {
	Name  string `json:"name"`
	About string `json:"about"`
	Ready bool   `json:"kernel_ready"`  // the runtime loads what it builds
	Why   string `json:"why,omitempty"` // it does not; "" where it does
}

// goIsRefused is in the first line of the template's README too.
const goIsRefused = "Go makes a core module that wants WASI, and the runtime takes components only and has no WASI"

// languages in the order in which they are offered.
var languages = []language{
	{Template{"sdk", "Rust on the Astrid SDK, with two tools and a test; its first build fetches and compiles the SDK", true, ""}, examples.Files, "hello-sdk", nil},
	{Template{"js", "JavaScript in QuickJS, with a tool", true, ""}, examples.Files, "hello-js", []string{"npm", "install"}},
	{Template{"c", "C with clang, with a tool; the contract by hand", true, ""}, examples.Files, "hello-c", nil},
	{Template{"zig", "Zig, with a tool; the contract by hand", true, ""}, examples.Files, "hello-zig", nil},
	{Template{"rust", "Rust's standard library alone, the contract by hand", true, ""}, examples.Files, "hello-rust", nil},
	{Template{"assemblyscript", "AssemblyScript, the contract by hand", true, ""}, examples.Files, "hello-assemblyscript", []string{"npm", "install"}},
	{Template{"go", "Go's own compiler, the contract by hand", false, goIsRefused}, goFiles, "hello-go", nil},
}

// Templates lists what can be written, in the order in which it is offered.
func Templates() (list []Template) {
	for _, l := range languages {
		list = append(list, l.Template)
	}
	return list
}

// ignored is the .gitignore of a new capsule.
const ignored = "target/\ndist/\nnode_modules/\nzig-out/\n.zig-cache/\n*.wasm\n"

// Languages lists what Scaffold takes.
func Languages() []string {
	var names []string
	for _, l := range languages {
		names = append(names, l.Name)
	}
	return names
}

// Prepare is the command to run in a new capsule's folder before its first
// build; nil when it builds as it is.
func Prepare(lang string) []string {
	for _, l := range languages {
		if l.Name == lang {
			return slices.Clone(l.prepare)
		}
	}
	return nil
}

// Scaffold returns the files of a new capsule, by slash path. It is the
// example of its language under a new name. The error tells which names or
// languages there are.
func Scaffold(lang, name string) (map[string][]byte, error) {
	i := slices.IndexFunc(languages, func(l language) bool { return l.Name == lang })
	if i < 0 {
		return nil, fmt.Errorf("there is no template for %q: choose one of %s", lang, strings.Join(Languages(), ", "))
	}
	if err := checkName(lang, name); err != nil {
		return nil, err
	}
	l := languages[i]
	files := map[string][]byte{".gitignore": []byte(ignored)}
	folder, err := fs.Sub(l.source, l.example)
	if err != nil {
		return nil, fmt.Errorf("reading the template of %s: %w", lang, err)
	}
	err = fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(folder, path)
		data = l.rename(data, name)
		if path == "Cargo.lock" {
			data = sorted(data)
		}
		files[strings.TrimSuffix(path, ".txt")] = data
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the template of %s: %w", lang, err)
	}
	files[agentsFile] = []byte(agents)
	return files, nil
}

// rename puts name where the example's stands, with dashes or underscores.
func (l language) rename(data []byte, name string) []byte {
	data = bytes.ReplaceAll(data, []byte(l.example), []byte(name))
	return bytes.ReplaceAll(data, []byte(underscored(l.example)), []byte(underscored(name)))
}

// sorted is a Cargo.lock with its packages in the order of their names: cargo would write it
// so itself, in the first build, which then had to be made again.
func sorted(lock []byte) []byte {
	const between = "\n\n[[package]]\n"
	parts := strings.Split(strings.TrimRight(string(lock), "\n"), between)
	slices.SortStableFunc(parts[1:], func(a, b string) int {
		first, _, _ := strings.Cut(a, "\n")
		second, _, _ := strings.Cut(b, "\n")
		return strings.Compare(first, second)
	})
	return []byte(strings.Join(parts, between) + "\n")
}

func underscored(name string) string { return strings.ReplaceAll(name, "-", "_") }

// nameForm is what is a capsule's name, a crate's, an npm package's and a Go
// module's at once.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9]*(?:-[a-z][a-z0-9]*)*$`)

// maxName keeps the name usable as that of a file and of an npm package.
const maxName = 64

func checkName(lang, name string) error {
	switch {
	case !nameForm.MatchString(name):
		return fmt.Errorf("a capsule cannot be called %q: use lower-case letters and digits, words that begin with a letter, and dashes between them, as in my-capsule", name)
	case len(name) > maxName:
		return fmt.Errorf("a capsule cannot be called %q: the name has %d letters, %d is the most", name, len(name), maxName)
	case (lang == "rust" || lang == "sdk") && slices.Contains(strings.Fields(rustReserved), underscored(name)):
		return fmt.Errorf("a Rust capsule cannot be called %q: the name means something else to Rust", name)
	case lang == "go" && slices.Contains(strings.Fields(goReserved), name):
		return fmt.Errorf("a Go capsule cannot be called %q: a package of Go's own is", name)
	}
	return nil
}

// rustReserved is what cargo refuses as a package's name, or would build wrongly.
const rustReserved = `abstract alloc as async await become box break build const continue core crate deps do dyn else enum examples extern false final fn for
gen if impl in incremental let loop macro match mod move mut override priv proc_macro pub ref return self static std struct super test trait true try type
typeof unsafe unsized use virtual where while yield`

// goReserved is the module names that the go command takes for its own packages.
const goReserved = `archive bufio builtin bytes cmd cmp compress container context crypto database debug embed encoding errors expvar flag fmt go hash html
image index internal io iter log main maps math mime net os path plugin reflect regexp runtime slices sort std strconv strings structs sync syscall testing
text time unicode unique unsafe vendor weak`
