package tree

import (
	"cmp"
	"regexp"
	"strings"
	"sync"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// isDropping knows what editors and systems leave beside a file for a moment or for good.
func isDropping(name string) bool {
	switch name {
	case "4913", // vim tries whether it may write in the folder
		".DS_Store", "Thumbs.db", "desktop.ini":
		return true
	}
	return strings.HasSuffix(name, "~") || // backups of vim, emacs and others
		isSwap(name) ||
		strings.HasPrefix(name, ".#") || // emacs' locks
		len(name) > 1 && name[0] == '#' && name[len(name)-1] == '#' || // emacs' auto-save
		strings.HasSuffix(name, "___jb_tmp___") || strings.HasSuffix(name, "___jb_old___") ||
		strings.HasSuffix(name, "___jb_bak___") || // JetBrains' safe write
		strings.HasSuffix(name, ".kate-swp") ||
		strings.HasPrefix(name, ".goutputstream-") || // GNOME's atomic save
		strings.HasPrefix(name, ".~lock.") && name[len(name)-1] == '#' || // office programs
		strings.HasPrefix(name, ".fuse_hidden") || isSillyRename(name)
}

// passing is what programs call a file that they write beside another one, to put it in its place: sed -i of GNU and of BSD,
// Python's and Rust's temporary files, and NAME.tmp with or without a number behind it.
var passing = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(?:sed[0-9A-Za-z]{6}|\.![0-9]+!.+|\.?tmp[0-9A-Za-z_]{6,8}|.+\.tmp(?:[^a-z].*)?)$`)
})

// IsPassing reports whether a new file of this name is likely to be renamed or removed at once. It may be a source all the same.
func IsPassing(name string) bool { return isDropping(name) || passing().MatchString(name) }

// isSwap matches vim's swap files: ".*.sw?", and ".sw?" of a buffer without a name.
func isSwap(name string) bool {
	n := len(name)
	return n >= 4 && name[0] == '.' && name[n-4:n-1] == ".sw" && name[n-1] >= 'a' && name[n-1] <= 'z'
}

// isSillyRename matches what NFS clients call a file that was removed while open.
func isSillyRename(name string) bool {
	digits, ok := strings.CutPrefix(name, ".nfs")
	return ok && len(digits) == 24 && strings.Trim(digits, "0123456789abcdef") == ""
}

// isLock knows the files in which package managers write down what exactly is
// built. Whether ignored by git or not, they decide what comes out.
func isLock(name string) bool {
	switch name {
	case "Cargo.lock", "go.sum", "go.work.sum",
		"package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb", "deno.lock",
		"poetry.lock", "uv.lock", "Pipfile.lock", "pdm.lock",
		"composer.lock", "Gemfile.lock", "mix.lock", "pubspec.lock", "packages.lock.json",
		"Package.resolved", "flake.lock", "wkg.lock":
		return true
	}
	return false
}

// IgnoredFolder reports whether a folder of this name below a root is left out
// by all rules: node_modules, target, dist and .git.
func IgnoredFolder(name string) bool {
	switch name {
	case "node_modules", "target", "dist", ".git":
		return true
	}
	return false
}

func astridSkips(name string, dir bool) bool {
	if dir {
		return IgnoredFolder(name)
	}
	// A name that is only ".wasm" has no extension for the ecosystem's watcher.
	return len(name) > len(".wasm") && strings.HasSuffix(name, ".wasm")
}

func split(rel string) (up, name string) {
	i := strings.LastIndexByte(rel, '/')
	if i < 0 {
		return "", rel
	}
	return rel[:i], rel[i+1:]
}

// IsCache reports whether folder is tagged as a cache, as cargo's target is and ours.
func IsCache(folder string) bool {
	return fsys.Lstat(fsys.Join(folder, "CACHEDIR.TAG")).Kind != fsys.Missing
}

// IsCapsule reports whether folder holds a regular Capsule.toml.
func IsCapsule(folder string) bool {
	return fsys.Lstat(fsys.Join(folder, ManifestName)).Kind == fsys.File
}

// compareRaw orders paths as the digest does: name by name, raw bytes.
func compareRaw(a, b string) int {
	for i := range min(len(a), len(b)) {
		if x, y := a[i], b[i]; x != y {
			if x == '/' {
				return -1
			}
			if y == '/' {
				return 1
			}
			return cmp.Compare(x, y)
		}
	}
	return cmp.Compare(len(a), len(b))
}
