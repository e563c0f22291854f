package inspect

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// Topics and handlers of tools. The rules are those of the runtime's own check
// (crate astrid, commands/capsule/check.rs), which reads Rust sources: here the module itself is
// asked. A pattern that covers a topic is enough, as it is for the runtime.
const (
	executePrefix  = "tool.v1.execute."
	handlerPrefix  = "tool_execute_"
	describeAnswer = "tool.v1.response.describe.self" // as the SDK publishes it
)

// wired is a manifest that tools are held against.
type wired struct {
	m       *capsule.Manifest
	runLoop bool // it subscribes by itself: no handlers are called
	list    []finding.Finding
}

// wiring holds tools against the manifest.
func wiring(m *capsule.Manifest, list []tools.Tool, runLoop bool) []finding.Finding {
	w := &wired{m: m, runLoop: runLoop}
	known := map[string]bool{}
	for _, t := range list {
		at := w.route(t.Name)
		if known[t.Name] {
			w.add(finding.ToolTwice, at, "give each tool a name of its own", "the module describes two tools called %q", t.Name)
			continue
		}
		known[t.Name] = true
		w.tool(t, at)
	}
	if len(list) > 0 && !w.mayPublish(describeAnswer) {
		w.add(finding.MissingPublish, []string{"publish"}, `write under [publish]: "tool.v1.response.describe.*" = { wit = "@unicity-astrid/wit/tool/describe-response" }`,
			"the module may not publish %q, so that nobody learns of its tools", describeAnswer)
	}
	w.subscriptions(known)
	finding.Sort(w.list)
	return w.list
}

// add adds a warning at a key of the manifest.
func (w *wired) add(code finding.Code, key []string, hint, format string, args ...any) {
	f := finding.Finding{Code: code, Severity: finding.Warning, File: tree.ManifestName, Message: fmt.Sprintf(format, args...), Hint: hint}
	f.Line, f.Column = w.m.Position(key...)
	w.list = append(w.list, f)
}

// route is the key of the entry of [subscribe] that has a tool called, or the table without one.
func (w *wired) route(name string) []string {
	for _, t := range w.m.Subscribe {
		if (t.Handler != "" || w.runLoop) && host.Matches(t.Pattern, executePrefix+name) {
			return t.Key
		}
	}
	return []string{"subscribe"}
}

func (w *wired) mayPublish(topic string) bool {
	for _, t := range w.m.Publish {
		if host.Matches(t.Pattern, topic) {
			return true
		}
	}
	return false
}

// tool looks at one tool, whose entry of [subscribe] stands at the key.
func (w *wired) tool(t tools.Tool, at []string) {
	if len(at) < 2 {
		w.add(finding.UnroutedTool, at, fmt.Sprintf("write under [subscribe]: %q = { wit = \"@unicity-astrid/wit/types/tool-call\", handler = %q }", executePrefix+t.Name, handlerPrefix+t.Name),
			"the module describes the tool %q, and no entry of [subscribe] routes its calls: it is listed and never runs", t.Name)
	}
	if result := tools.ResultTopic(t.Name); !w.mayPublish(result) {
		w.add(finding.MissingPublish, at, `write under [publish]: "tool.v1.execute.*.result" = { wit = "@unicity-astrid/wit/types/tool-call-result" }`,
			"the tool %q may not publish its result on %q", t.Name, result)
	}
	if strings.TrimSpace(t.Description) == "" {
		w.add(finding.ToolUndescribed, at, "say in a sentence what it does; the SDK takes the doc comment of a tool that has arguments, and an empty struct of arguments will do",
			"the tool %q has no description: a model does not know when to call it", t.Name)
	}
	if fault := schemaFault(t.InputSchema); fault != "" {
		w.add(finding.ToolSchema, at, "clients hand the schema to a model, which refuses it: mend what makes it", "the input schema of the tool %q %s", t.Name, fault)
	}
}

// schemaFault is what is wrong with an input schema: no JSON Schema, or not one of an object.
func schemaFault(schema json.RawMessage) string {
	if _, err := tools.ParseSchema(schema); err != nil {
		said, _, _ := strings.Cut(err.Error(), "\n")
		return "is no valid JSON Schema: " + said
	}
	var s struct {
		Type any `json:"type"`
	}
	if json.Unmarshal(schema, &s) == nil && s.Type != nil && s.Type != "object" {
		return fmt.Sprintf("is of type %v, and arguments are an object", s.Type)
	}
	return ""
}

// subscriptions looks at the entries of [subscribe] that name one tool.
func (w *wired) subscriptions(known map[string]bool) {
	for _, t := range w.m.Subscribe {
		name, isTool := strings.CutPrefix(t.Pattern, executePrefix)
		if !isTool || t.Handler == "" || name == "" || name == "result" || name == "*" || strings.Contains(name, ".") {
			continue
		}
		switch want := handlerPrefix + name; {
		case !known[name]:
			var have []string
			for tool := range known {
				have = append(have, tool)
			}
			hint := "remove the entry, or add the tool"
			if near := capsule.Nearest(name, have); near != "" {
				hint = "did you mean " + near + "? else " + hint
			}
			w.add(finding.DanglingSubscription, t.Key, hint, "[subscribe] routes the tool %q, which the module does not describe", name)
		case t.Handler != want:
			w.add(finding.HandlerMismatch, t.Key, fmt.Sprintf("write handler = %q", want), "the handler of the tool %q is %q: an SDK answers to %q", name, t.Handler, want)
		}
	}
}
