// Package astrid holds what is known of Astrid's runtime, by release: what its engine
// accepts, what its host offers, its limits and its rules for versions.
//
// The tables in releases are read from the runtime's published crates (generate); the
// rest says in a comment where it was learned.
package astrid

import (
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/Masterminds/semver/v3"
)

//go:embed releases/*.json
var tables embed.FS

// Release is one release of the runtime. It is never changed.
type Release struct {
	Version    string               `json:"version"`
	Wasmtime   int                  `json:"wasmtime"` // the engine's major version
	Features   []string             `json:"features"` // what the engine accepts, as wasmparser names it
	Interfaces map[string]Interface `json:"interfaces"`

	semver *semver.Version
}

// Interface is one interface of the host.
type Interface struct {
	Functions map[string]string `json:"functions"` // name -> type, in the reader's text
	Resources []string          `json:"resources"`
}

// Limits of a capsule (crate astrid-capsule, memory_ledger.rs and engine/wasm/mod.rs).
const (
	MemoryBytes  = 64 << 20 // of each memory, with the default quota
	Handlers     = 64       // of a capsule with a run loop
	ReadyMillis  = 500      // until run has called signal-ready
	Installs     = 10       // a minute
	tableQuota   = 32       // bytes of the memory limit for one element of a table
	TableElement = MemoryBytes / tableQuota
)

// TableElements is how many elements each table may have; 0: no limit.
func (r *Release) TableElements() uint64 {
	if r.CalVer() {
		return TableElement
	}
	return 0
}

// CalVer reports whether the version is a date, as from 2026 on.
func (r *Release) CalVer() bool { return r.semver.Major() >= 2000 }

// Before reports whether the release is older than another.
func (r *Release) Before(other *Release) bool { return r.semver.LessThan(other.semver) }

// Releases lists the known releases, the oldest first.
var Releases = sync.OnceValue(func() []*Release {
	entries, err := tables.ReadDir("releases")
	if err != nil {
		panic(err) // they are part of the program
	}
	byVersion := map[string]*Release{}
	like := map[string]string{}
	for _, e := range entries {
		data, err := tables.ReadFile("releases/" + e.Name())
		if err != nil {
			panic(err)
		}
		var r struct {
			Release
			Like string `json:"like"`
		}
		if err := json.Unmarshal(data, &r); err != nil {
			panic(fmt.Errorf("the table %s: %w", e.Name(), err))
		}
		r.semver = semver.MustParse(r.Version)
		byVersion[r.Version] = &r.Release
		if r.Like != "" {
			like[r.Version] = r.Like
		}
	}
	var list []*Release
	for version, r := range byVersion {
		if other := byVersion[like[version]]; other != nil {
			r.Wasmtime, r.Features, r.Interfaces = other.Wasmtime, other.Features, other.Interfaces
		}
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b *Release) int { return a.semver.Compare(b.semver) })
	return list
})

// Newest is the newest known release.
func Newest() *Release {
	list := Releases()
	return list[len(list)-1]
}

// Find returns the release of a version, or the newest one that begins with it: "0.10"
// is 0.10.4.
func Find(version string) (*Release, error) {
	version = strings.TrimPrefix(strings.TrimSpace(version), "v")
	var known []string
	var found *Release
	for _, r := range Releases() {
		known = append(known, r.Version)
		if r.Version == version || strings.HasPrefix(r.Version, version+".") {
			found = r
		}
	}
	if found == nil || version == "" {
		return nil, fmt.Errorf("no release %q of the runtime is known; known are %s", version, strings.Join(known, ", "))
	}
	return found, nil
}

// FindAll is Find for several, each release once. The error is that of the first unknown one.
func FindAll(versions []string) (list []*Release, err error) {
	for _, version := range versions {
		r, err := Find(version)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(list, r) {
			list = append(list, r)
		}
	}
	return list, nil
}

// Versions are the releases' own.
func Versions(list []*Release) (versions []string) {
	for _, r := range list {
		versions = append(versions, r.Version)
	}
	return versions
}

// Closest is the release that an installed runtime is judged by: itself, else the newest
// known one before it. nil is none: the version is no version, or is older than all.
func Closest(version string) *Release {
	v, err := semver.NewVersion(strings.TrimSpace(version))
	if err != nil {
		return nil
	}
	var closest *Release
	for _, r := range Releases() {
		if !r.semver.GreaterThan(v) {
			closest = r
		}
	}
	return closest
}

// FirstWith is the first release whose engine accepts a feature; "" when none does.
func FirstWith(feature string) string {
	for _, r := range Releases() {
		if slices.Contains(r.Features, feature) {
			return r.Version
		}
	}
	return ""
}

// Bind returns the interface that an import of a component is linked to, and its name.
// The linker takes the very name, else the highest version of the same track that the
// host has: the same major version, or the same minor one of 0 (wasmtime-environ,
// component/names.rs). A pre-release, or a name without a version, is only itself.
func (r *Release) Bind(name string) (bound string, i *Interface, ok bool) {
	if found, ok := r.Interfaces[name]; ok {
		return name, &found, true
	}
	base, version, _ := strings.Cut(name, "@")
	track := trackOf(version)
	if track == "" {
		return "", nil, false
	}
	var best *semver.Version
	for other := range r.Interfaces {
		b, v, _ := strings.Cut(other, "@")
		if b != base || trackOf(v) != track {
			continue
		}
		if parsed := semver.MustParse(v); best == nil || parsed.GreaterThan(best) {
			best, bound = parsed, other
		}
	}
	if best == nil {
		return "", nil, false
	}
	found := r.Interfaces[bound]
	return bound, &found, true
}

// trackOf is "1" for 1.2.3, "0.2" for 0.2.3, and "" for what has no track.
func trackOf(version string) string {
	v, err := semver.StrictNewVersion(version)
	switch {
	case err != nil, v.Prerelease() != "", v.Metadata() != "":
		return ""
	case v.Major() > 0:
		return fmt.Sprint(v.Major())
	case v.Minor() > 0:
		return fmt.Sprintf("0.%d", v.Minor())
	}
	return "" // 0.0.x is compatible with nothing
}

// Versions lists the versions of an interface that the host has, given without its own.
func (r *Release) Versions(base string) []string {
	var list []string
	for name := range r.Interfaces {
		if b, v, _ := strings.Cut(name, "@"); b == base {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return semver.MustParse(a).Compare(semver.MustParse(b)) })
	return list
}

// FirstWithInterface is the first release whose host links an import of that name.
func FirstWithInterface(name string) string {
	for _, r := range Releases() {
		if _, _, ok := r.Bind(name); ok {
			return r.Version
		}
	}
	return ""
}
