package cargo

import (
	"path/filepath"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// ToolchainFiles lists the rust-toolchain files at and above dir, in the order in which
// rustup would obey them.
func ToolchainFiles(dir string) []string {
	var list []string
	for _, folder := range fsys.Upward(dir) {
		for _, name := range []string{"rust-toolchain", "rust-toolchain.toml"} {
			if path := filepath.Join(folder, name); isFile(path) {
				list = append(list, path)
			}
		}
	}
	return list
}

// ToolchainFile is the first of them that has a [toolchain], nil for none: a file with
// nothing but a channel's name installs no target, and cannot.
func ToolchainFile(dir string) *Config {
	for _, path := range ToolchainFiles(dir) {
		if doc := tomldoc.ReadFile(path); doc != nil && doc.Has("toolchain") {
			return &Config{Path: path, Base: filepath.Dir(path), Doc: doc}
		}
	}
	return nil
}
