package capsule

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// refusals are the rules that stop a build: what the runtime refuses when it
// reads a manifest, and what leaves us without a place to build to. Missing
// keys and wrong types are found while reading and belong to them.
var refusals = []func(*Manifest, *reader){
	refuseName, refuseVersions, refuseFiles, refuseIDs, refuseInterfaces, refuseUplinks,
	refuseTopics, refuseCommands, refuseOutputs,
}

// maxName bounds names, in bytes: the runtime's install takes no more.
const maxName = 128

func refuseName(m *Manifest, r *reader) {
	name := m.Package.Name
	if strings.TrimSpace(name) == "" {
		return // missing, and reported as that
	}
	for _, c := range name {
		if !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-') {
			r.fault(finding.PackageName, []string{"package", "name"}, nameHint(name), "the name %q may hold lower-case letters, digits and dashes only", name)
			return
		}
	}
	if len(name) > maxName {
		r.fault(finding.PackageName, []string{"package", "name"}, "choose a shorter one", "the name has %d letters, and the runtime takes at most %d", len(name), maxName)
	}
}

func nameHint(name string) string {
	fixed := strings.Trim(strings.Map(func(c rune) rune {
		switch {
		case 'A' <= c && c <= 'Z':
			return c + 'a' - 'A'
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
			return c
		}
		return '-'
	}, name), "-")
	if fixed == "" {
		fixed = "my-capsule"
	}
	return fmt.Sprintf("write name = %q", fixed)
}

func refuseVersions(m *Manifest, r *reader) {
	if v := m.Package.Version; strings.TrimSpace(v) != "" {
		if _, err := semver.StrictNewVersion(v); err != nil {
			r.fault(finding.PackageVersion, []string{"package", "version"}, fmt.Sprintf("write version = %q", looseVersion(v)),
				"the version %q is not three numbers with dots (strict semver)", v)
		}
	}
	key := []string{"package", "astrid-version"}
	if _, isText := r.at(key...).value.(string); isText {
		if fault := requirementFault(m.Package.AstridVersion); fault != "" {
			r.fault(finding.PackageAstridVersion, key, `write astrid-version = ">=0.7.0"`, "astrid-version %q is not a version requirement: %s", m.Package.AstridVersion, fault)
		}
	}
}

// PathFault says why a slash path from a manifest does not lead to a file
// below the capsule's folder, or "" when it does. It reads no file: a link
// that leads outside is for the caller to find.
func PathFault(p string) string {
	switch {
	case p == "" || strings.TrimSpace(p) != p:
		return "is empty or has blanks at its ends"
	case strings.ContainsAny(p, "\x00\n\r"):
		return "holds a control character"
	case strings.Contains(p, `\`):
		return `has a \; folders are separated by /`
	case strings.HasPrefix(p, "/") || len(p) > 1 && p[1] == ':':
		return "is absolute"
	}
	for _, element := range strings.Split(p, "/") {
		if element == ".." {
			return "has a .. in it"
		}
		if len(element) > 255 {
			return "has a name longer than the 255 bytes that file systems allow"
		}
	}
	if clean := path.Clean(p); clean == "." || strings.HasSuffix(p, "/") {
		return "is a folder"
	}
	return ""
}

// reserved are first folders in which a published module would be lost: git
// and the tool's own records live there.
func reserved(p string) string {
	clean := path.Clean(p)
	for _, dir := range []string{".git", "target/astrid-dev"} {
		if clean == dir || strings.HasPrefix(clean, dir+"/") {
			return "lies in " + dir
		}
	}
	if clean == tree.ManifestName {
		return "is the manifest itself"
	}
	return ""
}

func refuseFiles(m *Manifest, r *reader) {
	seen := map[string]bool{}
	for i, c := range m.Components {
		f := r.at(fmt.Sprintf("component[%d]", i)).either("file", "entrypoint")
		if strings.TrimSpace(c.File) == "" {
			continue // missing, and reported as that
		}
		fault := PathFault(c.File)
		if fault == "" {
			fault = reserved(c.File)
		}
		if fault != "" {
			r.fault(finding.ComponentFile, f.key, fmt.Sprintf("write %s = %q", f.last(), fileHint(m)), "the file %q %s", c.File, fault)
			continue
		}
		clean := path.Clean(c.File)
		if seen[clean] {
			r.fault(finding.ComponentFileTwice, f.key, "give each component a file of its own", "another component is published at %q too", c.File)
		}
		seen[clean] = true
	}
}

func fileHint(m *Manifest) string {
	if m.Package.Name == "" {
		return "my_capsule.wasm"
	}
	return strings.ReplaceAll(strings.Trim(nameHint(m.Package.Name)[len("write name = "):], `"`), "-", "_") + ".wasm"
}

func refuseIDs(m *Manifest, r *reader) {
	seen := map[string]bool{}
	for i, c := range m.Components {
		if c.ID != "" && seen[c.ID] {
			r.fault(finding.ComponentIDTwice, []string{fmt.Sprintf("component[%d]", i), "id"}, "give each component an id of its own", "another component has the id %q too", c.ID)
		}
		seen[c.ID] = true
	}
}

// isIdentifier holds for ^[a-z][a-z0-9-]*$.
func isIdentifier(s string) bool {
	for i, c := range s {
		if !('a' <= c && c <= 'z' || i > 0 && ('0' <= c && c <= '9' || c == '-')) {
			return false
		}
	}
	return s != ""
}

func refuseInterfaces(m *Manifest, r *reader) {
	name := func(namespace, name string, key []string) {
		for _, s := range []string{namespace, name} {
			if !isIdentifier(s) {
				r.faultKey(finding.InterfaceName, key, "begin with a lower-case letter, go on with lower-case letters, digits and dashes",
					"%q in [%s] is no name of an interface", s, key[0])
				return
			}
		}
	}
	for _, i := range m.Imports {
		name(i.Namespace, i.Name, i.Key)
		if fault := requirementFault(i.Requirement); fault != "" && r.versionGiven(i.Key) {
			r.fault(finding.InterfaceVersion, i.Key, fmt.Sprintf("write %s = \"^1.0\"", quoteKey(i.Key[len(i.Key)-1])), "the import of %s:%s needs a version requirement, and %q is none: %s", i.Namespace, i.Name, i.Requirement, fault)
		}
	}
	for _, e := range m.Exports {
		name(e.Namespace, e.Name, e.Key)
		if _, err := semver.StrictNewVersion(e.Version); err != nil && r.versionGiven(e.Key) {
			r.fault(finding.InterfaceVersion, e.Key, fmt.Sprintf("write %s = %q", quoteKey(e.Key[len(e.Key)-1]), looseVersion(e.Version)), "the export of %s:%s needs an exact version, and %q is none", e.Namespace, e.Name, e.Version)
		}
	}
}

// versionGiven reports whether a version stands there as a string: one that
// does not has been reported already.
func (r *reader) versionGiven(key []string) bool {
	f := r.at(key...)
	if _, ok := f.value.(map[string]any); ok {
		f = f.at("version")
		s, ok := f.value.(string)
		return ok && strings.TrimSpace(s) != ""
	}
	_, ok := f.value.(string)
	return ok
}

func refuseUplinks(m *Manifest, r *reader) {
	if r.at("capabilities", "uplink").value == true && len(m.Imports) > 0 {
		r.fault(finding.UplinkImports, []string{"imports"}, "remove [imports], or uplink = true from [capabilities]", "an uplink capsule may not have [imports]: uplinks load before what they would import")
	}
	for i, u := range m.Uplinks {
		if u.Profile != "" && !slices.Contains([]string{"chat", "interactive", "notify", "bridge"}, u.Profile) {
			r.fault(finding.UplinkProfile, []string{fmt.Sprintf("uplink[%d]", i), "profile"}, `write one of "chat", "interactive", "notify", "bridge"`, "the runtime knows no uplink profile %q", u.Profile)
		}
	}
}

// maxPriority is the largest that the runtime's 32 bits hold.
const maxPriority = 1<<32 - 1

func refuseTopics(m *Manifest, r *reader) {
	for _, t := range append(append([]Topic(nil), m.Publish...), m.Subscribe...) {
		f := r.at(t.Key...)
		if slices.Contains(strings.Split(t.Pattern, "."), "") {
			fixed := strings.Join(strings.FieldsFunc(t.Pattern, func(c rune) bool { return c == '.' }), ".")
			r.faultKey(finding.TopicPattern, t.Key, fmt.Sprintf("write %q", fixed), "the topic %q has an empty segment", t.Pattern)
		}
		var pins []string
		for _, pin := range []string{"version", "tag", "rev", "branch", "path"} {
			if f.at(pin).found {
				pins = append(pins, pin)
			}
		}
		if len(pins) > 1 {
			r.fault(finding.TopicPins, f.at(pins[1]).key, "keep one of them", "the topic %q names %s; at most one is allowed", t.Pattern, strings.Join(pins, " and "))
		}
		if p := f.at("priority"); p.found && t.Key[0] == "subscribe" {
			refusePriority(t, p)
		}
	}
}

func refusePriority(t Topic, p field) {
	n, whole := p.value.(int64)
	switch {
	case whole && (n < 0 || n > maxPriority):
		p.r.fault(finding.TopicPriority, p.key, "write priority = 100, lower fires first", "the priority %d of %q is not from 0 to %d", n, t.Pattern, maxPriority)
	case t.Handler == "":
		p.r.fault(finding.TopicPriority, p.key, "add handler, or remove priority", "the topic %q has a priority and no handler to order", t.Pattern)
	}
}

// verbs are the words that the runtime's own command line uses.
var verbs = []string{"new", "install", "update", "list", "remove", "tree", "deps", "build", "check", "config", "show", "run", "help"}

func refuseCommands(m *Manifest, r *reader) {
	for i, c := range m.Commands {
		at := fmt.Sprintf("command[%d]", i)
		if c.Kind != "slash" && c.Kind != "cli" {
			r.fault(finding.CommandKind, []string{at, "kind"}, `write kind = "slash" or kind = "cli"`, "the runtime knows no command of kind %q", c.Kind)
		}
		if c.Kind != "cli" || c.Name == "" {
			continue
		}
		key := []string{at, "name"}
		switch {
		case !isIdentifier(c.Name) || len(c.Name) > 32:
			r.fault(finding.CommandName, key, "1 to 32 lower-case letters, digits and dashes, a letter first", "%q cannot be the name of a cli command", c.Name)
		case slices.Contains(verbs, c.Name):
			r.fault(finding.CommandName, key, "choose another name", "%q is a command of the runtime itself", c.Name)
		}
	}
}

func refuseOutputs(m *Manifest, r *reader) {
	f := r.at("package", "metadata", "astrid-dev", "output")
	taken := map[string]string{}
	for _, c := range m.Components {
		taken[path.Clean(c.File)] = "a component's file, which only astrid-dev may write"
	}
	for _, c := range m.Components {
		if c.Output == "" {
			continue
		}
		at, hint := f, `let the build write elsewhere, for instance to "dist/`+path.Base(c.File)+`"`
		if _, table := f.value.(map[string]any); table {
			at = f.either(c.ID, c.File)
		}
		clean := path.Clean(c.Output)
		if fault := PathFault(c.Output); fault != "" {
			r.fault(finding.SettingsOutput, at.key, hint, "the output %q %s", c.Output, fault)
		} else if owner := taken[clean]; owner != "" {
			r.fault(finding.SettingsOutput, at.key, hint, "the output %q is %s", c.Output, owner)
		}
		taken[clean] = "another component's output"
	}
}
