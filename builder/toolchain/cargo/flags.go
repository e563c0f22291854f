package cargo

import (
	"fmt"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
)

// RandomFlag makes the crate getrandom compile where no operating system is; the Astrid
// SDK provides the custom source that it names.
const RandomFlag = `--cfg=getrandom_backend="custom"`

// HasRandomFlag reports whether flags choose getrandom's source.
func HasRandomFlag(flags []string) bool {
	return slices.ContainsFunc(flags, func(flag string) bool { return strings.Contains(flag, "getrandom_backend") })
}

// HasFlag reports whether flags set an option of -C.
func HasFlag(flags []string, option string) bool {
	_, is := flagOf(flags, option)
	return is
}

// flagOf is what flags say of an option, the last one of several; "" where it is only named.
func flagOf(flags []string, option string) (value string, is bool) {
	for _, flag := range slices.Backward(flags) {
		flag = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(flag, "--codegen"), "-C"))
		name, value, _ := strings.Cut(strings.TrimPrefix(flag, "="), "=")
		if name == option {
			return value, true
		}
	}
	return "", false
}

// DropsNames reports whether a module that cargo builds with a profile and with flags has no names of
// functions, because the profile says strip = true or "symbols".
func (c *Crate) DropsNames(profile string, flags []string) bool {
	if HasFlag(flags, "strip") {
		return false // then the compiler drops them by itself, or is told not to
	}
	value := c.setting(profile, "strip")
	return value == true || value == "true" || value == "symbols"
}

// OptimizesLinks reports whether what cargo builds with a profile and with flags is optimized across its crates.
func (c *Crate) OptimizesLinks(profile string, flags []string) bool {
	return !switchedOff(c.option(profile, flags, "lto", "off"))
}

// MergesFunctions reports whether of equal functions in what cargo builds with a profile and with flags the compiler makes one. It
// does from opt-level 2 on, and for size, where it has all of the crate in one piece: as one unit, or with fat LTO.
func (c *Crate) MergesFunctions(profile string, flags []string) bool {
	level, lineage := "3", c.lineage(profile)
	if base := lineage[len(lineage)-1]; base == "dev" || base == "test" {
		level = "0"
	}
	if !slices.Contains([]string{"2", "3", "s", "z"}, c.option(profile, flags, "opt-level", level)) {
		return false
	}
	fat := c.OptimizesLinks(profile, flags) && c.option(profile, flags, "lto", "") != "thin"
	return fat || c.option(profile, flags, "codegen-units", "16") == "1"
}

// option is what flags say of an option of the compiler, or else what the profile says, or else what it is by default.
func (c *Crate) option(profile string, flags []string, name, byDefault string) string {
	if value, is := flagOf(flags, name); is {
		return value
	}
	if value := c.setting(profile, name); value != nil {
		return fmt.Sprint(value)
	}
	return byDefault
}

// switchedOff reports whether value is one with which rustc and cargo leave an option off.
func switchedOff(value string) bool {
	return slices.Contains([]string{"off", "no", "n", "false"}, value)
}

// setting is what a profile, or the one that it inherits from, says of key; nil: nothing. From the environment it is a text.
func (c *Crate) setting(profile, key string) any {
	for _, profile := range c.lineage(profile) {
		variable := "CARGO_PROFILE_" + strings.ToUpper(strings.ReplaceAll(profile+"_"+key, "-", "_"))
		if set := c.env.get(variable); set != "" {
			return set
		}
		if value, is := c.ofProfile(profile, key); is {
			return value
		}
	}
	return nil
}

// lineage is a profile and those that it inherits from, up to one of cargo's own.
func (c *Crate) lineage(profile string) (list []string) {
	for range 8 { // profiles that inherit from each other in a circle are cargo's to refuse
		list = append(list, profile)
		up, _ := c.ofProfile(profile, "inherits")
		if profile, _ = up.(string); profile == "" {
			break
		}
	}
	return list
}

// ofProfile is what cargo's configuration, or else the workspace's manifest, says of key for a profile.
func (c *Crate) ofProfile(profile, key string) (any, bool) {
	path := []string{"profile", profile, key}
	for _, config := range c.Configs {
		if value, is := config.Doc.Value(path...); is {
			return value, true
		}
	}
	return c.Shared.Value(path...)
}

// UnitSeparator is what stands between the flags in CARGO_ENCODED_RUSTFLAGS.
const UnitSeparator = "\x1f"

// Rustflags are the flags that reach the compiler for a target, from the first of cargo's
// four sources that says anything.
func (c *Crate) Rustflags(target string) []string {
	if encoded, ok := c.env("CARGO_ENCODED_RUSTFLAGS"); ok {
		if encoded == "" {
			return nil
		}
		return strings.Split(encoded, UnitSeparator)
	}
	if plain, ok := c.env("RUSTFLAGS"); ok {
		return strings.Fields(plain)
	}
	flags := c.merged("target", target, "rustflags")
	triple := strings.ToUpper(strings.ReplaceAll(target, "-", "_"))
	flags = append(flags, strings.Fields(c.env.get("CARGO_TARGET_"+triple+"_RUSTFLAGS"))...)
	for _, name := range c.cfgs() {
		flags = append(flags, c.merged("target", name, "rustflags")...)
	}
	if len(flags) > 0 {
		return flags
	}
	flags = c.merged("build", "rustflags")
	return append(flags, strings.Fields(c.env.get("CARGO_BUILD_RUSTFLAGS"))...)
}

// cfgs lists the target.'cfg(...)' tables that hold for WebAssembly.
func (c *Crate) cfgs() []string {
	var names []string
	for _, config := range c.Configs {
		for _, name := range config.Doc.Keys("target") {
			if inner, ok := strings.CutPrefix(name, "cfg("); ok && strings.HasSuffix(inner, ")") && cfgHolds(strings.TrimSuffix(inner, ")")) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// merged joins a list over all files as cargo does: the strongest last. A single string is
// split at blanks, and the strongest one stands alone.
func (c *Crate) merged(key ...string) []string {
	var flags []string
	for _, config := range c.Configs {
		switch value, _ := config.Doc.Value(key...); v := value.(type) {
		case string:
			if flags == nil {
				return strings.Fields(v)
			}
		case []any:
			flags = append(tomldoc.Strings(v), flags...)
		}
	}
	return slices.Clip(flags)
}
