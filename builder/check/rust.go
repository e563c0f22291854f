package check

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/Masterminds/semver/v3"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/toolchain/cargo"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// canonical is the target that the ecosystem builds for.
const canonical = cargo.UnknownTarget

// readCargo returns nil when cargo does not build the capsule.
func (c *capsuleFiles) readCargo() *cargo.Crate {
	dev := c.m.Dev
	if !c.m.Buildable() || len(dev.Build) > 0 || dev.Toolchain != "" && dev.Toolchain != "rust" && dev.Toolchain != "cargo" {
		return nil
	}
	if crate := cargo.Read(c.dir, c.lookup); crate.Manifest.Has("package", "name") {
		return crate
	}
	return nil
}

// rustCrate compares the manifest with what cargo makes of the crate.
func rustCrate(c *capsuleFiles) {
	if c.cargo == nil {
		return
	}
	if version, ok := c.cargo.Inherited("version"); ok {
		c.compareVersion(version, "Cargo.toml")
	}
	made := c.cargo.Manifest.Modules(c.dir)
	if len(made) == 0 {
		c.add(finding.RustNoCdylib, c.inCargo("lib"), "write under [lib] in Cargo.toml: crate-type = [\"cdylib\"]", "the crate makes neither a module nor a program")
		return
	}
	c.fileName(made)
}

// fileName finds a crate none of whose modules is what the manifest names. Of
// several components the others may come from elsewhere, so that one that
// fits is enough.
func (c *capsuleFiles) fileName(made []string) {
	first := -1
	for i, component := range c.m.Components {
		explained := component.Output != "" || strings.HasPrefix(path.Clean(component.File), "dist/")
		if explained || slices.Contains(made, path.Base(component.File)) || capsule.PathFault(component.File) != "" {
			return
		}
		if first < 0 {
			first = i
		}
	}
	file := c.m.Components[first].File
	want := path.Join(path.Dir(file), made[0])
	c.addAt(finding.ComponentFileName, c.fileKey(first), fmt.Sprintf("write file = %q", want), "cargo makes %s of this crate, not %s", strings.Join(made, ", "), path.Base(file))
}

// rustTarget finds a crate that is not built for WebAssembly, or for a kind of
// it that the kernel cannot load, or whose toolchain lacks the target.
func rustTarget(c *capsuleFiles) {
	if c.cargo == nil {
		return
	}
	targets, where := c.cargo.Targets()
	if !slices.ContainsFunc(targets, cargo.IsWasm) {
		c.noTarget(where)
		return
	}
	for _, target := range targets {
		if strings.HasPrefix(target, "wasm32-wasi") {
			at := c.placeOf(where, "build", "target")
			c.add(finding.RustTargetWASI, at, fmt.Sprintf("write target = %q", canonical), "%s needs WASI, which the kernel does not offer", target)
		}
		c.toolchainTarget(target)
	}
}

func (c *capsuleFiles) noTarget(where *cargo.Config) {
	hint := fmt.Sprintf("write into .cargo/config.toml:\n[build]\ntarget = %q", canonical)
	if where != nil {
		at := c.placeOf(where, "build", "target")
		c.add(finding.RustNoWasmTarget, at, hint, "the target is %s, not WebAssembly", strings.Join(where.Doc.Strings("build", "target"), ", "))
		return
	}
	c.add(finding.RustNoWasmTarget, place{"Cargo.toml", 1, 1}, hint, "no WebAssembly target is set: cargo would build for this machine")
}

// placeOf is where a key of a config stands, or the manifest's first line for the environment.
func (c *capsuleFiles) placeOf(where *cargo.Config, key ...string) place {
	if where == nil {
		return place{tree.ManifestName, 1, 1}
	}
	at := place{file: c.relative(where.Path)}
	at.line, at.column = where.Doc.Position(key...)
	if value, ok := where.Doc.Locate(key...); ok {
		at.line, at.column = value.Line, value.Column
	}
	return at
}

// inCargo is where a key of Cargo.toml stands.
func (c *capsuleFiles) inCargo(key ...string) place {
	at := place{file: "Cargo.toml"}
	at.line, at.column = c.cargo.Manifest.Position(key...)
	return at
}

// toolchainTarget finds a rust-toolchain.toml that does not install the target.
func (c *capsuleFiles) toolchainTarget(target string) {
	found := cargo.ToolchainFile(c.dir)
	if found == nil || strings.HasSuffix(target, ".json") || slices.Contains(found.Doc.Strings("toolchain", "targets"), target) {
		return
	}
	if found.Doc.Has("toolchain", "path") {
		return // an own toolchain, with whatever targets it has
	}
	at := c.placeOf(found, "toolchain", "targets")
	c.add(finding.RustToolchainTarget, at, "write targets = "+quoted(append(found.Doc.Strings("toolchain", "targets"), target)), "the toolchain does not install %s, for which the capsule is built", target)
}

// quoted is a list as TOML has it.
func quoted(list []string) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = strconv.Quote(s)
	}
	return "[" + strings.Join(out, ", ") + "]"
}

// rustRandom finds a crate that cannot link because getrandom has no source
// of randomness on the bare target. Only where getrandom is known to be there.
func rustRandom(c *capsuleFiles) {
	if c.cargo == nil {
		return
	}
	targets, where := c.cargo.Targets()
	if !slices.Contains(targets, canonical) {
		return
	}
	reason := c.usesRandom()
	if reason == "" {
		return
	}
	if cargo.HasRandomFlag(c.cargo.Rustflags(canonical)) {
		return
	}
	at := c.placeOf(where, "target", canonical)
	if where != nil && at.line == 1 {
		at = c.placeOf(where, "build", "target")
	}
	c.add(finding.RustGetrandomCfg, at, fmt.Sprintf("write under [target.%s] in .cargo/config.toml: rustflags = [%q]", canonical, cargo.RandomFlag),
		"getrandom does not compile for %s without its cfg (%s)", canonical, reason)
}

// usesRandom says what brings in a getrandom that wants the cfg: those from
// 0.3 on do. "" when nothing is known to.
func (c *capsuleFiles) usesRandom() string {
	if version, locked := c.lockedRandom(); locked {
		if version == "" {
			return ""
		}
		return "Cargo.lock has getrandom " + version
	}
	tables := [][]string{{"dependencies"}}
	for _, name := range c.cargo.Manifest.Keys("target") {
		tables = append(tables, []string{"target", name, "dependencies"})
	}
	for _, table := range tables {
		for _, name := range c.cargo.Manifest.Keys(table...) {
			if dependencyUsesRandom(c.cargo, append(append([]string(nil), table...), name)) {
				return "through the dependency " + name
			}
		}
	}
	return ""
}

func dependencyUsesRandom(k *cargo.Crate, key []string) bool {
	name := key[len(key)-1]
	value, _ := k.Manifest.Value(key...)
	version, features := dependency(value)
	if table, ok := value.(map[string]any); ok && table["workspace"] == true {
		shared, _ := k.Shared.Value("workspace", "dependencies", name)
		more, moreFeatures := dependency(shared)
		version, features = more, append(features, moreFeatures...)
	}
	switch name {
	case "getrandom":
		return atLeast(version, "0.3.0")
	case "rand":
		return atLeast(version, "0.9.0")
	case "uuid":
		for _, f := range features {
			if f == "v4" || f == "v7" || strings.Contains(f, "rng") {
				return atLeast(version, "1.13.0") // the first on getrandom 0.3
			}
		}
	}
	return false
}

func dependency(value any) (version string, features []string) {
	switch v := value.(type) {
	case string:
		return v, nil
	case map[string]any:
		version, _ = v["version"].(string)
		list, _ := v["features"].([]any)
		for _, item := range list {
			if s, ok := item.(string); ok {
				features = append(features, s)
			}
		}
	}
	return version, features
}

// atLeast reports whether the oldest version that a requirement takes is not
// older than that one. A requirement that is not understood is not.
func atLeast(requirement, oldest string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(requirement, "^~=> "), ",")
	version, err := semver.NewVersion(strings.TrimSpace(first))
	return err == nil && !version.LessThan(semver.MustParse(oldest))
}

// lockedRandom is the newest getrandom that the lock file gives this crate,
// "" for none that wants the cfg. locked is false without a lock file.
func (c *capsuleFiles) lockedRandom() (version string, locked bool) {
	data, err := readSmall(filepath.Join(c.cargo.Workspace, "Cargo.lock"))
	if err != nil {
		return "", false
	}
	var lock lockFile
	if toml.Unmarshal(data, &lock) != nil {
		return "", false
	}
	return lock.newest(c.cargo.Manifest.Name(), "getrandom", "0.3.0"), true
}

type lockFile struct {
	Package []struct {
		Name, Version string
		Dependencies  []string
	}
}

// newest walks the dependencies of root and returns the newest version of
// name that is at least oldest, or "".
func (l lockFile) newest(root, name, oldest string) string {
	byName := map[string][]int{}
	for i, p := range l.Package {
		byName[p.Name] = append(byName[p.Name], i)
	}
	seen, queue, found := map[int]bool{}, byName[root], ""
	for len(queue) > 0 {
		i := queue[0]
		queue = queue[1:]
		if seen[i] {
			continue
		}
		seen[i] = true
		p := l.Package[i]
		if p.Name == name && atLeast(p.Version, oldest) && (found == "" || atLeast(p.Version, found)) {
			found = p.Version
		}
		for _, dependency := range p.Dependencies {
			words := strings.Fields(dependency) // "name", "name version" or "name version (source)"
			for _, j := range byName[words[0]] {
				if len(words) < 2 || l.Package[j].Version == words[1] {
					queue = append(queue, j)
				}
			}
		}
	}
	return found
}
