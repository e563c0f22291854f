package toolchain

import (
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// cargoConfig is what we read of one .cargo/config.toml.
type cargoConfig struct {
	path string
	base string // what relative paths in it are relative to

	Build struct {
		Target    any    `toml:"target"` // a string, or a list of them
		TargetDir string `toml:"target-dir"`
		Rustflags any    `toml:"rustflags"`
	} `toml:"build"`
	Target   map[string]map[string]any `toml:"target"`
	Unstable map[string]any            `toml:"unstable"`
}

// cargoConfigs reads the configuration files that count in dir, the strongest
// first: those of dir and of the folders above it, then the user's own. A file
// that cannot be read is left out: cargo will complain of it.
func cargoConfigs(dir string, env environ) []cargoConfig {
	var list []cargoConfig
	seen := map[string]bool{}
	for _, folder := range append(cargoFolders(dir), cargoHome(env)) {
		for _, name := range []string{"config", "config.toml"} { // cargo prefers the old name
			path := filepath.Join(folder, name)
			if seen[path] || !isFile(path) {
				continue
			}
			seen[path] = true
			config := cargoConfig{path: path, base: filepath.Dir(folder)}
			if _, err := toml.Decode(string(readAll(path)), &config); err == nil {
				list = append(list, config)
			}
			break
		}
	}
	return list
}

func cargoFolders(dir string) []string {
	var list []string
	for _, folder := range fsys.Upward(dir) {
		list = append(list, filepath.Join(folder, ".cargo"))
	}
	return list
}

func cargoHome(env environ) string {
	if home := env.get("CARGO_HOME"); home != "" {
		return home
	}
	return filepath.Join(homeDir(env), ".cargo")
}

func homeDir(env environ) string {
	if home := env.get("HOME"); home != "" {
		return home
	}
	return env.get("USERPROFILE")
}

// buildTarget is the triple that cargo builds for when nothing else is asked
// for; of several the first for wasm. "" is this machine's.
func buildTarget(configs []cargoConfig, env environ) string {
	if target := env.get("CARGO_BUILD_TARGET"); target != "" {
		return target
	}
	for _, config := range configs {
		list := stringList(config.Build.Target)
		if len(list) == 0 {
			continue
		}
		for _, target := range list {
			if strings.HasPrefix(filepath.Base(target), "wasm") {
				return target
			}
		}
		return list[0]
	}
	return ""
}

// stringList reads a TOML value that may be one string or a list of them.
func stringList(value any) []string {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		var list []string
		for _, element := range v {
			if s, ok := element.(string); ok {
				list = append(list, s)
			}
		}
		return list
	}
	return nil
}

// getrandomFlag makes the crate getrandom compile where no operating system
// is; the Astrid SDK provides the custom source that it names.
const getrandomFlag = `--cfg=getrandom_backend="custom"`

// unitSeparator is what stands between the flags in CARGO_ENCODED_RUSTFLAGS.
const unitSeparator = "\x1f"

// flags is the environment with getrandom's flag added to what is configured.
// The variable hides every other source of flags, so all of them are repeated.
func (c *crate) flags() environ {
	if c.target != unknownTarget {
		return c.env
	}
	flags := c.rustflags()
	if strings.Contains(strings.Join(flags, " "), "getrandom_backend") {
		return c.env
	}
	return c.env.with("CARGO_ENCODED_RUSTFLAGS", strings.Join(append(flags, getrandomFlag), unitSeparator))
}

// rustflags is what cargo would pass, from the first of its four sources that says anything.
func (c *crate) rustflags() []string {
	if encoded, ok := c.env.lookup("CARGO_ENCODED_RUSTFLAGS"); ok {
		if encoded == "" {
			return nil
		}
		return strings.Split(encoded, unitSeparator)
	}
	if plain, ok := c.env.lookup("RUSTFLAGS"); ok {
		return strings.Fields(plain)
	}
	triple := strings.ToUpper(strings.ReplaceAll(c.target, "-", "_"))
	flags := merged(c.configs, func(config cargoConfig) any { return config.Target[c.target]["rustflags"] })
	flags = append(flags, strings.Fields(c.env.get("CARGO_TARGET_"+triple+"_RUSTFLAGS"))...)
	for _, key := range c.cfgKeys() {
		flags = append(flags, merged(c.configs, func(config cargoConfig) any { return config.Target[key]["rustflags"] })...)
	}
	if len(flags) > 0 {
		return flags
	}
	flags = merged(c.configs, func(config cargoConfig) any { return config.Build.Rustflags })
	return append(flags, strings.Fields(c.env.get("CARGO_BUILD_RUSTFLAGS"))...)
}

// cfgKeys lists the target.'cfg(...)' tables that hold for the target.
func (c *crate) cfgKeys() []string {
	keys := map[string]bool{}
	for _, config := range c.configs {
		for key := range config.Target {
			if inner, ok := strings.CutPrefix(key, "cfg("); ok && strings.HasSuffix(inner, ")") && cfgHolds(strings.TrimSuffix(inner, ")")) {
				keys[key] = true
			}
		}
	}
	return sortedKeys(keys)
}

// merged joins a list over all files as cargo does: the strongest last. A
// single string is split at blanks, and the strongest one stands alone.
func merged(configs []cargoConfig, pick func(cargoConfig) any) []string {
	var flags []string
	for _, config := range configs {
		switch v := pick(config).(type) {
		case string:
			if flags == nil {
				return strings.Fields(v)
			}
		case []any:
			flags = append(stringList(v), flags...)
		}
	}
	return slices.Clip(flags)
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
