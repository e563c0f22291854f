package toolchain

import (
	"io"
	"path/filepath"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// readLimit bounds manifests, lock files and lists of dependencies; the largest have a few megabytes.
const readLimit = 64 << 20

// readAll is a file's content, nil when it cannot be read.
func readAll(path string) []byte {
	data, err := fsys.Read(path, readLimit)
	if err != nil {
		return nil
	}
	return data
}

// readSmall is a file's content, "" when it cannot be read. The files it is
// for hold a few lines; what is past 64 KiB is none of ours.
func readSmall(path string) string {
	file, err := fsys.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	data, _ := io.ReadAll(io.LimitReader(file, 64<<10))
	return string(data)
}

func isFile(path string) bool { return fsys.Stat(path).Kind == fsys.File }

func isDir(path string) bool { return fsys.Stat(path).Kind == fsys.Folder }

// above returns the first folder at or above dir that holds a regular file
// called name, or "".
func above(dir, name string) string {
	for {
		if isFile(filepath.Join(dir, name)) {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
