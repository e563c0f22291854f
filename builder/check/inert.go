package check

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// inertTables finds what older formats had and the runtime now ignores
// without a word: the handlers and rights it names do not exist.
func inertTables(c *capsuleFiles) {
	c.each("interceptor", func(key []string, get func(string) string) {
		if get("event") == "" {
			c.addAt(finding.InertTable, key, `write under [subscribe], with the topic that it is for: "TOPIC" = { wit = "opaque", handler = "ACTION" }`, "the runtime ignores [[interceptor]], and this one names no event")
			return
		}
		c.addAt(finding.InertTable, key, "write under [subscribe]: "+subscribeLine(c, key, get), "the runtime ignores [[interceptor]]: %q is not handled", get("event"))
	})
	c.each("topic", func(key []string, get func(string) string) {
		section := map[string]string{"publish": "publish", "subscribe": "subscribe"}[get("direction")]
		hint := "remove it"
		if section != "" && !c.declared(section, get("name")) && !c.listed("ipc_"+section, get("name")) {
			hint = fmt.Sprintf("write under [%s]: %s", section, topicLine(get("name")))
		}
		c.addAt(finding.InertTable, key, hint, "the runtime ignores [[topic]]: it declares nothing about %q", get("name"))
	})
	c.each("skill", func(key []string, get func(string) string) {
		c.addAt(finding.InertTable, key, "remove it; skills are packed from the folder skills", "the runtime ignores [[skill]]: %q is not offered", get("name"))
	})
	tables := [][]string{{"capabilities"}}
	for i := range c.m.Components {
		tables = append(tables, []string{fmt.Sprintf("component[%d]", i), "capabilities"})
	}
	for _, table := range tables {
		c.inertCapability(table, "ipc_publish", "publish")
		c.inertCapability(table, "ipc_subscribe", "subscribe")
	}
}

// each visits the elements of an array of tables.
func (c *capsuleFiles) each(name string, visit func(key []string, get func(string) string)) {
	for i := 0; ; i++ {
		key := []string{fmt.Sprintf("%s[%d]", name, i)}
		value, ok := c.m.Document().Value(key...)
		if !ok {
			return
		}
		table, _ := value.(map[string]any)
		visit(key, func(field string) string {
			text, _ := table[field].(string)
			return text
		})
	}
}

func subscribeLine(c *capsuleFiles, key []string, get func(string) string) string {
	priority := ""
	if n, ok := c.m.Document().Value(key[0], "priority"); ok {
		priority = fmt.Sprintf(", priority = %v", n)
	}
	return fmt.Sprintf("%q = { wit = %q, handler = %q%s }", get("event"), witOf(get("event")), get("action"), priority)
}

// knownWits are the payloads of the topics that every capsule with tools has;
// about others nothing is known but that "opaque" leaves them unchecked.
var knownWits = []struct{ pattern, wit string }{
	{"tool.v1.execute.*.result", "@unicity-astrid/wit/types/tool-call-result"},
	{"tool.v1.response.describe.*", "@unicity-astrid/wit/tool/describe-response"},
	{"tool.v1.request.describe", "@unicity-astrid/wit/tool/describe-request"},
	{"tool.v1.execute.?", "@unicity-astrid/wit/types/tool-call"},
}

func witOf(topic string) string {
	for _, known := range knownWits {
		if known.pattern == topic {
			return known.wit
		}
	}
	if strings.HasPrefix(topic, executePrefix) && strings.Count(topic, ".") == 3 && topic != executePrefix+"result" {
		return knownWits[3].wit
	}
	return "opaque"
}

// topicLine is the entry that allows a topic.
func topicLine(topic string) string { return fmt.Sprintf("%q = { wit = %q }", topic, witOf(topic)) }

func (c *capsuleFiles) declared(section, topic string) bool {
	_, ok := c.m.Document().Value(section, topic)
	return ok
}

// listed reports whether the root's ipc_publish or ipc_subscribe has the topic.
func (c *capsuleFiles) listed(name, topic string) bool {
	return slices.Contains(c.m.Document().Strings("capabilities", name), topic)
}

// inertLine is the entry for a topic of ipc_publish or ipc_subscribe, with the
// handler that an [[interceptor]] gave it.
func (c *capsuleFiles) inertLine(section, topic string) string {
	line := topicLine(topic)
	if section == "subscribe" {
		c.each("interceptor", func(key []string, get func(string) string) {
			if get("event") == topic {
				line = subscribeLine(c, key, get)
			}
		})
	}
	return line
}

func (c *capsuleFiles) inertCapability(table []string, name, section string) {
	key := append(append([]string(nil), table...), name)
	value, ok := c.m.Document().Value(key...)
	if !ok {
		return
	}
	list, _ := value.([]any)
	var lines []string
	for _, item := range list {
		if topic, ok := item.(string); ok && !c.declared(section, topic) {
			lines = append(lines, c.inertLine(section, topic))
		}
	}
	hint := "remove it"
	if len(lines) > 0 {
		hint = fmt.Sprintf("write under [%s], and remove %s:\n%s", section, name, strings.Join(lines, "\n"))
	}
	c.addKey(finding.InertCapability, key, hint, "the runtime ignores %s: the keys of [%s] say what may be %sd", name, section, strings.TrimSuffix(section, "e")+"e")
}

// known are the keys of each table. A name that ends in [] is an array of
// tables, and * stands for names that the author chooses.
var known = map[string][]string{
	"":                         {"package", "component", "capabilities", "imports", "exports", "publish", "subscribe", "env", "command", "tool", "context_file", "mcp_server", "uplink"},
	"package":                  {"name", "version", "description", "authors", "repository", "homepage", "documentation", "license", "license-file", "readme", "keywords", "categories", "astrid-version", "publish", "include", "exclude", "metadata"},
	"component[]":              {"file", "entrypoint", "id", "hash", "type", "link", "capabilities"},
	"component[].capabilities": capabilityNames,
	"capabilities":             capabilityNames,
	"publish.*":                {"wit", "version", "tag", "rev", "branch", "path", "fanout", "handler", "priority"},
	"subscribe.*":              {"wit", "version", "tag", "rev", "branch", "path", "fanout", "handler", "priority"},
	"env.*":                    {"type", "request", "description", "default", "enum_values", "placeholder", "options_from", "options-from", "scope"},
	"env.*.options_from":       {"http", "bearer", "select", "after"},
	"command[]":                {"name", "description", "file", "kind"},
	"tool[]":                   {"name", "description_for_llm", "input_schema_wit", "mutable"},
	"context_file[]":           {"name", "file"},
	"mcp_server[]":             {"id", "description", "type", "command", "args"},
	"uplink[]":                 {"name", "platform", "profile"},
}

var capabilityNames = []string{"uplink", "allow_persistent", "allow_prompt_injection", "net", "kv", "fs_read", "fs_write", "host_process", "net_bind", "net_connect", "identity", "bind_workers"}

// legacy are unknown keys that inertTables speaks of.
var legacy = map[string]bool{"interceptor": true, "topic": true, "skill": true, "ipc_publish": true, "ipc_subscribe": true}

// settingsElsewhere finds our own table in the places where other tools'
// conventions, or a slip, have put it.
func settingsElsewhere(c *capsuleFiles) {
	for _, key := range [][]string{
		{"astrid-dev"}, {"metadata", "astrid-dev"}, {"tool", "astrid-dev"}, {"package", "astrid-dev"},
		{"package", "metadata", "astrid_dev"}, {"package", "metadata", "astriddev"},
	} {
		if value, _ := c.m.Document().Value(key...); value != nil {
			if _, table := value.(map[string]any); table {
				c.addKey(finding.SettingsElsewhere, key, "write [package.metadata.astrid-dev]", "astrid-dev does not read [%s]", strings.Join(key, "."))
			}
		}
	}
}

// unknownKeys notes keys that the runtime ignores when they look like a
// misspelling. Others may be another tool's, and are left alone.
func unknownKeys(c *capsuleFiles) { c.unknownIn(nil, "") }

func (c *capsuleFiles) unknownIn(key []string, shape string) {
	doc := c.m.Document()
	names, listed := known[shape]
	for _, name := range doc.Keys(key...) {
		inner := append(append([]string(nil), key...), name)
		if listed && !slices.Contains(names, name) && !legacy[name] {
			if near := capsule.Nearest(name, names); near != "" && !doc.Has(append(slices.Clip(key), near)...) {
				c.addKey(finding.UnknownKey, inner, "did you mean "+near+"?", "the runtime does not know the key %s", strconv.Quote(name))
			}
			continue
		}
		c.unknownBelow(inner, strings.TrimPrefix(shape+"."+name, "."))
	}
}

// unknownBelow goes on in a table, in the tables of an array, or in tables
// with names of the author's choice.
func (c *capsuleFiles) unknownBelow(key []string, shape string) {
	if _, ok := known[shape]; ok {
		c.unknownIn(key, shape)
		return
	}
	if _, ok := known[shape+"[]"]; ok {
		for i := 0; c.m.Document().Has(fmt.Sprintf("%s[%d]", key[0], i)); i++ {
			c.unknownIn([]string{fmt.Sprintf("%s[%d]", key[0], i)}, shape+"[]")
		}
		return
	}
	if _, ok := known[shape+".*"]; ok {
		for _, name := range c.m.Document().Keys(key...) {
			c.unknownIn(append(append([]string(nil), key...), name), shape+".*")
		}
	}
}
