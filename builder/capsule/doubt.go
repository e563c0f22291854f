package capsule

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// doubts are the rules that only `check` applies: the runtime takes such a
// manifest, and something in it has no effect or another than was meant.
var doubts = []func(*Manifest, *reader){
	doubtComponents, doubtEnv, doubtTopics, doubtNames, doubtCapabilities,
}

var hash = regexp.MustCompile(`^(?:blake3:)?[0-9a-fA-F]{64}$`)

func doubtComponents(m *Manifest, r *reader) {
	var ids []string
	known := map[string]bool{}
	for _, c := range m.Components {
		ids = append(ids, c.ID)
		known[c.ID] = true
	}
	for i, c := range m.Components {
		at := fmt.Sprintf("component[%d]", i)
		if c.Type != "executable" && c.Type != "library" {
			r.fault(finding.ComponentType, []string{at, "type"}, `write type = "executable" or type = "library"`, "the runtime knows no component of type %q", c.Type)
		}
		if r.at(at, "hash").found && !hash.MatchString(c.Hash) {
			r.fault(finding.ComponentHash, []string{at, "hash"}, "write the 64 hex digits that b3sum prints, or remove the line", "%q is not a BLAKE3 hash", c.Hash)
		}
		for j, id := range c.Link { // a hundred ids are enough to look for a misspelling in
			if id == "" || !known[id] {
				r.fault(finding.ComponentLink, []string{at, fmt.Sprintf("link[%d]", j)}, hintNearest(id, ids[:min(len(ids), 100)]), "no component has the id %q", id)
			}
		}
	}
}

func hintNearest(word string, names []string) string {
	if near := Nearest(word, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "correct the id, or add the component"
}

// envTypes are those the runtime asks for in a way of their own, and those
// seen in the field that it treats as text.
var envTypes = []string{"text", "secret", "select", "array", "string", "integer"}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func doubtEnv(m *Manifest, r *reader) {
	for _, v := range m.Env {
		if !envName.MatchString(v.Name) {
			r.faultKey(finding.EnvName, v.Key, "use letters, digits and underscores, not a digit first", "%q cannot be set in an environment", v.Name)
		}
		if v.Type == "" {
			continue
		}
		if !slices.Contains(envTypes, v.Type) {
			r.fault(finding.EnvType, join(v.Key, "type"), `write one of "text", "secret", "select", "array"`, "the runtime takes the type %q of %s for text", v.Type, v.Name)
		}
		doubtChoices(v, r)
	}
}

func doubtChoices(v EnvVar, r *reader) {
	if v.Type != "select" {
		return
	}
	standing, isText := v.Default.(string)
	switch {
	case len(v.EnumValues) == 0 && v.OptionsFrom == nil:
		r.fault(finding.EnvChoices, v.Key, `add enum_values = ["...", "..."]`, "the select %s has nothing to choose from", v.Name)
	case isText && standing != "" && v.OptionsFrom == nil && !slices.Contains(v.EnumValues, standing):
		r.fault(finding.EnvChoices, join(v.Key, "default"), "add it to enum_values, or choose one of them", "the default %q of %s is not among its enum_values", standing, v.Name)
	}
}

func doubtTopics(m *Manifest, r *reader) {
	for _, t := range append(append([]Topic(nil), m.Publish...), m.Subscribe...) {
		f, inert := r.at(t.Key...), []string{"handler", "priority"}
		if t.Key[0] == "subscribe" {
			inert = []string{"fanout"}
		}
		for _, name := range inert {
			if f.at(name).found {
				r.faultKey(finding.TopicInertKey, f.at(name).key, "remove it", "%s has no effect in [%s]", name, t.Key[0])
			}
		}
	}
}

func doubtNames(m *Manifest, r *reader) {
	tools := map[string]bool{}
	for i, t := range m.Tools {
		if t.Name != "" && tools[t.Name] {
			r.fault(finding.ToolTwice, []string{fmt.Sprintf("tool[%d]", i), "name"}, "give each tool a name of its own", "another tool is named %q too", t.Name)
		}
		tools[t.Name] = true
	}
	commands := map[string]bool{}
	for i, c := range m.Commands {
		name := c.Kind + " " + c.Name
		if c.Name != "" && commands[name] {
			r.fault(finding.CommandTwice, []string{fmt.Sprintf("command[%d]", i), "name"}, "give each command a name of its own", "another command is named %q too", c.Name)
		}
		commands[name] = true
	}
}

func doubtCapabilities(m *Manifest, r *reader) {
	tables := [][]string{{"capabilities"}}
	for i := range m.Components {
		tables = append(tables, []string{fmt.Sprintf("component[%d]", i), "capabilities"})
	}
	for _, table := range tables {
		quiet := &reader{doc: r.doc} // shapes were reported by Parse
		f := field{quiet, table, nil, false}
		f.value, f.found = r.doc.Value(table...)
		if _, ok := f.value.(map[string]any); !ok {
			continue
		}
		for i, word := range f.at("identity").texts() {
			if !slices.Contains([]string{"resolve", "link", "admin"}, word) {
				r.fault(finding.CapabilityIdentity, join(table, fmt.Sprintf("identity[%d]", i)), `write one of "resolve", "link", "admin"`, "the runtime knows no identity capability %q", word)
			}
		}
		for i, target := range f.at("net_connect").texts() {
			if !isTarget(target) {
				r.fault(finding.CapabilityNetConnect, join(table, fmt.Sprintf("net_connect[%d]", i)), `write host and port, either may be *: "example.org:443"`, "%q is not host:port", target)
			}
		}
	}
}

func isTarget(s string) bool {
	colon := strings.LastIndexByte(s, ':')
	if colon <= 0 || strings.ContainsAny(s, " /") {
		return false
	}
	if s[colon+1:] == "*" {
		return true
	}
	_, err := strconv.ParseUint(s[colon+1:], 10, 16)
	return err == nil
}
