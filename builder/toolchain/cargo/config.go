package cargo

import (
	"path/filepath"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Config is a .cargo/config.toml that counts, or a toolchain file.
type Config struct {
	Path string
	Base string // what relative paths in it are relative to
	Doc  *tomldoc.Document
}

// configs reads the configuration files that count in dir, the strongest first: those of dir
// and of the folders above it, then the user's own. One that is no TOML is left out.
func configs(dir string, env Env) []Config {
	var list []Config
	seen := map[string]bool{}
	var folders []string
	for _, folder := range fsys.Upward(dir) {
		folders = append(folders, filepath.Join(folder, ".cargo"))
	}
	for _, folder := range append(folders, Home(env)) {
		for _, name := range []string{"config", "config.toml"} { // cargo prefers the old name
			path := filepath.Join(folder, name)
			if seen[path] || !isFile(path) {
				continue
			}
			seen[path] = true
			if doc := tomldoc.ReadFile(path); doc != nil {
				list = append(list, Config{Path: path, Base: filepath.Dir(folder), Doc: doc})
			}
			break
		}
	}
	return list
}

// Home is the folder of the user's own cargo files.
func Home(env Env) string {
	if home := env.get("CARGO_HOME"); home != "" {
		return home
	}
	return filepath.Join(UserHome(env), ".cargo")
}

// UserHome is the user's folder, as cargo and rustup find it.
func UserHome(env Env) string {
	if home := env.get("HOME"); home != "" {
		return home
	}
	return env.get("USERPROFILE")
}
