package compile

import (
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// fetchedCrates are the crates in a profile's folder of cargo's, by name, that cargo
// fetched: their sources never change, and to make them look old would have all of them, and
// what needs them, compiled again. The compiler's notes tell where a crate's sources lie.
func fetchedCrates(f *fsys.Root, profile string) map[string]bool {
	fetched := map[string]bool{}
	for _, pattern := range []string{"deps/*.d", "build/*/*.d"} {
		notes, _ := fs.Glob(f.FS(), profile+pattern)
		for _, note := range notes {
			name := crateOf(strings.TrimSuffix(path.Base(note), ".d"))
			if strings.HasPrefix(pattern, "build/") {
				name = crateOf(path.Base(path.Dir(note)))
			}
			before, known := fetched[name]
			fetched[name] = isFetched(f, note) && (before || !known)
		}
	}
	return fetched
}

// crateOf is the crate in a name of cargo's, which ends with a hash. A package's dashes are
// underscores in the crate's.
func crateOf(name string) string {
	if at := strings.LastIndexByte(name, '-'); at > 0 {
		name = name[:at]
	}
	return strings.ReplaceAll(name, "-", "_")
}

// isFetched reports whether the first source in a note lies where cargo unpacks what it fetches.
func isFetched(f *fsys.Root, note string) bool {
	file, err := f.Open(note)
	if err != nil {
		return false
	}
	defer file.Close()
	head, _ := io.ReadAll(io.LimitReader(file, 8<<10)) // two paths, of which each has 4 KiB at most
	_, sources, _ := strings.Cut(string(head), ": ")
	first, _, _ := strings.Cut(strings.TrimLeft(sources, " "), " ")
	first = strings.ReplaceAll(first, `\`, "/")
	return strings.Contains(first, "/registry/src/") || strings.Contains(first, "/git/checkouts/")
}
