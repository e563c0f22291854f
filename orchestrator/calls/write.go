package calls

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/tools"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
)

// TableText writes tools for a person, a tool and its parameters a line each.
func TableText(w io.Writer, list []tools.Tool) error {
	rows := [][]string{{"TOOL", "PARAMETERS", "DESCRIPTION"}}
	for _, t := range list {
		rows = append(rows, []string{text.Line(t.Name), text.Line(parameters(t)), text.Line(cmp.Or(t.Description, "(none)"))})
	}
	widths := make([]int, 2)
	for _, row := range rows {
		for i := range widths {
			widths[i] = max(widths[i], len([]rune(row[i])))
		}
	}
	for _, row := range rows {
		if _, err := fmt.Fprintf(w, "%-*s  %-*s  %s\n", widths[0], row[0], widths[1], row[1], row[2]); err != nil {
			return err
		}
	}
	return nil
}

// parameters are "name: string, limit: integer?"; the question mark is for what may be left out.
func parameters(t tools.Tool) string {
	schema, err := tools.ParseSchema(t.InputSchema)
	if err != nil {
		return "(its schema is none: " + err.Error() + ")"
	}
	var list []string
	for _, p := range schema.Parameters() {
		types := p.Types
		if !p.Required {
			types = slices.DeleteFunc(slices.Clone(types), func(t string) bool { return t == "null" })
		}
		s := p.Name + ": " + cmp.Or(strings.Join(types, "|"), "any")
		if !p.Required {
			s += "?"
		}
		list = append(list, s)
	}
	return cmp.Or(strings.Join(list, ", "), "-")
}

// TableJSON writes tools for programs, with their schemas.
func TableJSON(w io.Writer, list []tools.Tool) error {
	if list == nil {
		list = []tools.Tool{}
	}
	return json.NewEncoder(w).Encode(map[string]any{"tools": list})
}

// Answer text goes to two writers: the result to one, what happened meanwhile to the other.

// Text writes the answer for a person. pretty indents JSON, for a terminal.
func (a *Answer) Text(result, story io.Writer, pretty bool) error {
	told := a.hiding(story)
	if err := a.story(told); err != nil {
		return err
	}
	if err := told.flush(); err != nil {
		return err
	}
	if a.Result == nil {
		return nil
	}
	content := a.Result.Content
	var indented bytes.Buffer
	var value any
	switch {
	case json.Unmarshal([]byte(content), &value) != nil:
	case isText(value):
		content = value.(string)
	case pretty && json.Indent(&indented, []byte(content), "", "  ") == nil:
		content = indented.String()
	}
	if pretty {
		content = text.Block(content, "")
	}
	_, err := fmt.Fprintln(result, hide(content, a.secrets))
	return err
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

// story tells what the guest did: host calls, log lines, publications, what it lacked, and how it died.
func (a *Answer) story(w io.Writer) error {
	o := a.Outcome
	if o == nil {
		return nil
	}
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%-10s %s\n", label, text.Line(short(fmt.Sprintf(format, args...))))
	}
	for _, p := range a.Around {
		if p.Missing == "" {
			line("with", "%s", p.Name)
		} else {
			line("without", "%s: %s", p.Name, p.Missing)
		}
	}
	for _, c := range o.Record.Calls {
		line("host", "%s %s -> %s  %.3f ms", c.Function, c.Args, orNothing(c.Answer), float64(c.Took.Microseconds())/1000)
	}
	for _, l := range o.Record.Logs {
		line("log", "%s: %s", l.Level, l.Message)
	}
	for _, p := range a.published() {
		line("published", "%s %s", p.Topic, p.Payload)
	}
	for _, f := range o.Record.Files {
		line("file", "%s", told(f))
	}
	for _, l := range o.Record.Lacked {
		line("refused", "%s %s: it needs %s", l.Function, l.What, l.Needs)
	}
	if o.Record.Left > 0 {
		line("", "%s more were not kept", text.Count(o.Record.Left, "entry"))
	}
	for _, p := range o.Peers {
		heard(line, p)
	}
	trap(line, o.Trap)
	switch {
	case a.New:
		line("recorded", "%s: %s", tests.RecordFile, a.Recorded)
	case a.Recorded != "":
		line("recorded", "before, as %s", a.Recorded)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// maxLine is how many bytes of one line a person is shown; --json has all of it.
const maxLine = 2000

func short(s string) string {
	if len(s) <= maxLine {
		return s
	}
	return fmt.Sprintf("%s ... and %s more", strings.ToValidUTF8(s[:maxLine], ""), text.Memory(uint64(len(s)-maxLine)))
}

// told is what became of a file.
func told(f host.File) string {
	switch {
	case f.Gone:
		return f.Path + ": removed"
	case f.Folder:
		return f.Path + "/: made"
	}
	return f.Path + ": written, " + text.Memory(uint64(len(f.Data)))
}

func orNothing(b json.RawMessage) string { return cmp.Or(string(b), "nothing") }

// framesShown of a guest's stack: enough to leave the panic's own functions behind.
const framesShown = 8

func trap(line func(string, string, ...any), t *engine.Trap) {
	if t == nil {
		return
	}
	for _, frame := range t.Stack[:min(len(t.Stack), framesShown)] {
		line("", "at %s", frame)
	}
	if t.Unplaced != "" {
		line("", "%s", t.Unplaced)
	}
}

// heard tells what another capsule on the bus did.
func heard(line func(string, string, ...any), p guest.Heard) {
	for _, l := range p.Record.Logs {
		line("log", "%s: %s: %s", p.Name, l.Level, l.Message)
	}
	for _, m := range p.Record.Published {
		line("published", "%s: %s %s", p.Name, m.Topic, m.Payload)
	}
	for _, l := range p.Record.Lacked {
		line("refused", "%s: %s %s: it needs %s", p.Name, l.Function, l.What, l.Needs)
	}
	if p.Error != "" {
		line("failed", "%s: %s", p.Name, p.Error)
		trap(line, p.Trap)
	}
}

// published is what was published beside the tool's own result.
func (a *Answer) published() (list []host.Message) {
	for _, p := range a.Outcome.Record.Published {
		if p.Topic != "tool.v1.execute."+a.Tool+".result" {
			list = append(list, p)
		}
	}
	return list
}

// JSON writes the answer for programs, in one line.
func (a *Answer) JSON(w io.Writer) error {
	answer := map[string]any{"tool": a.Tool, "failed": a.Failed()}
	if a.Result != nil {
		answer["is_error"] = a.Result.IsError
		answer["content"] = a.Result.Content
		var value any
		if json.Unmarshal([]byte(a.Result.Content), &value) == nil {
			answer["value"] = json.RawMessage(a.Result.Content)
		}
	}
	if a.Fault != "" {
		answer["fault"] = a.Fault
	}
	if a.Recorded != "" {
		answer["recorded"] = a.Recorded
	}
	if o := a.Outcome; o != nil && len(o.Peers) > 0 {
		answer["peers"] = o.Peers
	}
	if len(a.Around) > 0 {
		answer["around"] = a.Around
	}
	if o := a.Outcome; o != nil && a.Isolated {
		answer["isolated"], answer["logs"], answer["ms"] = true, list(o.Record.Logs), o.Millis
	} else if o != nil {
		answer["logs"], answer["published"], answer["lacked"], answer["calls"] = list(o.Record.Logs), list(o.Record.Published), list(o.Record.Lacked), list(o.Record.Calls)
		files := list(slices.Clone(o.Record.Files))
		for i := range files {
			files[i].Data = blank(files[i].Data, a.secrets)
		}
		answer["files"] = files
		answer["ms"], answer["memory_bytes"] = o.Millis, o.Memory
		if o.Trap != nil {
			answer["trap"] = o.Trap
		}
	}
	told := a.hiding(w)
	if err := json.NewEncoder(told).Encode(answer); err != nil {
		return err
	}
	return told.flush()
}

// list is never null in JSON.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
