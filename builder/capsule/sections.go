package capsule

import (
	"slices"
	"sort"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// manifest reads every section. Only the shape is judged here; what the
// values mean is for the refusals and doubts.
func (r *reader) manifest(m *Manifest) {
	m.Package = r.pkg()
	m.Capabilities = r.capabilities(r.at("capabilities"))
	for _, f := range r.at("component").tables() {
		m.Components = append(m.Components, r.component(f))
		m.Capabilities.add(m.Components[len(m.Components)-1].Capabilities)
	}
	r.imports(m)
	r.exports(m)
	m.Publish = r.topics("publish")
	m.Subscribe = r.topics("subscribe")
	for _, f := range r.at("env").fields() {
		m.Env = append(m.Env, r.envVar(f))
	}
	r.extras(m)
	m.Dev = r.settings(m)
}

func (r *reader) pkg() Package {
	f := r.at("package")
	if !f.found {
		r.fault(finding.ManifestMissingKey, nil, "begin the manifest with [package], name and version", "there is no [package]")
		return Package{}
	}
	if !f.table() {
		return Package{}
	}
	f.at("metadata").table()
	return Package{
		Name: f.at("name").needed("my-capsule"), Version: f.at("version").needed("0.1.0"),
		Description: f.at("description").text(), Authors: f.at("authors").texts(),
		Repository: f.at("repository").text(), Homepage: f.at("homepage").text(), Documentation: f.at("documentation").text(),
		License: f.at("license").text(), LicenseFile: f.at("license-file").text(), Readme: f.at("readme").text(),
		Keywords: f.at("keywords").texts(), Categories: f.at("categories").texts(),
		AstridVersion: f.at("astrid-version").text(),
		Publish:       f.at("publish").boolean() || !f.at("publish").found,
		Include:       f.at("include").texts(), Exclude: f.at("exclude").texts(),
	}
}

func (r *reader) component(f field) Component {
	c := Component{
		ID: f.at("id").text(), Hash: f.at("hash").text(), Type: f.at("type").text(), Link: f.at("link").texts(),
		File: f.either("file", "entrypoint").needed("my_capsule.wasm"),
	}
	if f.at("file").found && f.at("entrypoint").found {
		r.faultKey(finding.ComponentFile, f.at("entrypoint").key, "remove entrypoint, it is another name for file", "both file and entrypoint are given")
	}
	if c.Type == "" {
		c.Type = "executable"
	}
	if own := f.at("capabilities"); own.found {
		caps := r.capabilities(own)
		c.Capabilities = &caps
	}
	return c
}

func (r *reader) capabilities(f field) Capabilities {
	if !f.table() {
		return Capabilities{}
	}
	return Capabilities{
		Uplink: f.at("uplink").boolean(), AllowPersistent: f.at("allow_persistent").boolean(),
		AllowPromptInjection: f.at("allow_prompt_injection").boolean(),
		Net:                  f.at("net").texts(), KV: f.at("kv").texts(),
		FSRead: f.at("fs_read").texts(), FSWrite: f.at("fs_write").texts(),
		HostProcess: f.at("host_process").texts(), NetBind: f.at("net_bind").texts(),
		NetConnect: f.at("net_connect").texts(), Identity: f.at("identity").texts(),
		BindWorkers: int(f.at("bind_workers").count()),
	}
}

// add merges a component's lists into c, as the runtime does. The switches
// stay the root's own: the runtime reads them there.
func (c *Capabilities) add(own *Capabilities) {
	if own == nil {
		return
	}
	for _, pair := range []struct {
		to   *[]string
		from []string
	}{
		{&c.Net, own.Net}, {&c.KV, own.KV}, {&c.FSRead, own.FSRead}, {&c.FSWrite, own.FSWrite},
		{&c.HostProcess, own.HostProcess}, {&c.NetBind, own.NetBind}, {&c.NetConnect, own.NetConnect}, {&c.Identity, own.Identity},
	} {
		*pair.to = union(*pair.to, pair.from)
	}
}

// union is a with what b has more. An empty list that is there stays one: it
// asks for the interface all the same.
func union(a, b []string) []string {
	if a == nil && b != nil {
		a = []string{}
	}
	seen := map[string]bool{}
	for _, s := range a {
		seen[s] = true
	}
	for _, s := range b {
		if !seen[s] {
			seen[s] = true
			a = append(a, s)
		}
	}
	return a
}

// interfaces calls visit for every entry of a table that may be nested
// ([imports.ns] name = v) or flat ([imports] "ns:name" = v), or both.
func (r *reader) interfaces(section string, visit func(namespace, name string, f field)) {
	for _, f := range r.at(section).fields() {
		if namespace, name, flat := strings.Cut(f.last(), ":"); flat {
			visit(namespace, name, f)
			continue
		}
		if _, isText := f.value.(string); isText {
			r.faultKey(finding.InterfaceName, f.key, `write "namespace:`+f.last()+`" as the key, or put the line under [`+section+`.namespace]`,
				"%s in [%s] has no namespace", quoteKey(f.last()), section)
			continue
		}
		for _, inner := range f.fields() {
			visit(f.last(), inner.last(), inner)
		}
	}
}

// versioned is the version of an import or export, which is a string or a table with one.
func (f field) versioned(example string) string {
	if _, ok := f.value.(string); ok {
		return f.text()
	}
	if _, ok := f.value.(map[string]any); ok {
		return f.at("version").needed(example)
	}
	f.wrong("a string or a table with version", "write "+quoteKey(f.last())+` = "`+example+`"`)
	return ""
}

func (r *reader) imports(m *Manifest) {
	r.interfaces("imports", func(namespace, name string, f field) {
		m.Imports = append(m.Imports, Import{
			Namespace: namespace, Name: name, Requirement: f.versioned("^1.0"),
			Optional: f.at("optional").boolean(), Key: f.key,
		})
	})
}

func (r *reader) exports(m *Manifest) {
	r.interfaces("exports", func(namespace, name string, f field) {
		m.Exports = append(m.Exports, Export{Namespace: namespace, Name: name, Version: f.versioned("1.0.0"), Key: f.key})
	})
}

// defaultPriority is the runtime's for a handler that names none.
const defaultPriority = 100

func (r *reader) topics(section string) []Topic {
	var list []Topic
	for _, f := range r.at(section).fields() {
		t := Topic{Pattern: f.last(), Priority: defaultPriority, Key: f.key}
		switch f.value.(type) {
		case string:
			t.Wit = f.text()
		case map[string]any:
			r.topic(&t, f)
		default:
			f.wrong("a string or a table with wit", "write "+quoteKey(f.last())+` = "opaque"`)
		}
		list = append(list, t)
	}
	return list
}

func (r *reader) topic(t *Topic, f field) {
	if pattern, unquoted := f.unquotedTopic(); unquoted {
		r.faultKey(finding.ManifestWrongType, f.key, "put the topic in quotes: \""+pattern+"\" = ...",
			"the topic %s in %s is not in quotes, so that its dots make tables", pattern, tableName(f.key[:1]))
		return
	}
	t.Wit = f.at("wit").needed("opaque")
	t.Version, t.Tag, t.Rev = f.at("version").text(), f.at("tag").text(), f.at("rev").text()
	t.Branch, t.Path = f.at("branch").text(), f.at("path").text()
	if f.key[0] == "publish" {
		t.Fanout = f.at("fanout").boolean()
		return
	}
	t.Handler = f.at("handler").text()
	if p := f.at("priority"); p.found {
		t.Priority = int(p.integer())
	}
}

// unquotedTopic recognises `tool.v1.execute = { wit = "x" }`: tables in
// tables, with no wit before the last.
func (f field) unquotedTopic() (pattern string, unquoted bool) {
	pattern = f.last()
	for depth := 0; ; depth++ {
		table, ok := f.value.(map[string]any)
		if !ok {
			_, text := f.value.(string)
			return pattern, text && depth > 0
		}
		if _, hasWit := table["wit"]; hasWit {
			return pattern, depth > 0
		}
		names := f.r.doc.Keys(f.key...)
		if len(names) == 0 || slices.Contains(topicKeys, names[0]) {
			return pattern, false
		}
		f = f.at(names[0])
		pattern += "." + names[0]
	}
}

var topicKeys = []string{"wit", "version", "tag", "rev", "branch", "path", "fanout", "handler", "priority"}

func (r *reader) envVar(f field) EnvVar {
	v := EnvVar{Name: f.last(), Key: f.key}
	if !f.table() {
		return v
	}
	v.Type = f.at("type").needed("text")
	v.Request, v.Description, v.Placeholder = f.at("request").text(), f.at("description").text(), f.at("placeholder").text()
	v.Default, v.EnumValues = f.at("default").value, f.at("enum_values").texts()
	if from := f.either("options_from", "options-from"); from.table() {
		v.OptionsFrom = &OptionsFrom{
			HTTP: from.at("http").text(), Bearer: from.at("bearer").text(),
			Select: from.at("select").text(), After: from.at("after").texts(),
		}
	}
	return v
}

// extras reads the arrays of tables that have nothing to do with building.
func (r *reader) extras(m *Manifest) {
	for _, f := range r.at("command").tables() {
		c := Command{f.at("name").needed("my-command"), f.at("description").text(), f.at("file").text(), f.at("kind").text()}
		if c.Kind == "" {
			c.Kind = "slash"
		}
		m.Commands = append(m.Commands, c)
	}
	for _, f := range r.at("tool").tables() {
		m.Tools = append(m.Tools, Tool{
			f.at("name").needed("my_tool"), f.at("description_for_llm").needed("What the tool does"),
			f.at("input_schema_wit").text(), f.at("mutable").boolean(),
		})
	}
	for _, f := range r.at("context_file").tables() {
		m.ContextFiles = append(m.ContextFiles, ContextFile{f.at("name").needed("notes"), f.at("file").needed("notes.md")})
	}
	for _, f := range r.at("mcp_server").tables() {
		m.MCPServers = append(m.MCPServers, MCPServer{
			f.at("id").needed("my-server"), f.at("description").text(), f.at("type").text(), f.at("command").text(), f.at("args").texts(),
		})
	}
	for _, f := range r.at("uplink").tables() {
		m.Uplinks = append(m.Uplinks, Uplink{f.at("name").needed("my-uplink"), f.at("platform").needed("cli"), f.at("profile").needed("chat")})
	}
}

// inOrder sorts by place in the file, and by code where several share one.
func inOrder(list []finding.Finding) {
	sort.SliceStable(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
}
