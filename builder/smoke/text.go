package smoke

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
)

// WriteText writes the report for a person, without colours. What the guest printed or
// answered is shown with its control characters replaced.
func (r *Report) WriteText(w io.Writer) error {
	t := &textWriter{Writer: bufio.NewWriter(w)}
	t.head(r)
	t.calls(r) // who asked for one waits for its answer
	t.sections(r)
	t.imports(r)
	t.exports(r)
	t.findings("load", r.Findings)
	t.findings("kernel", r.KernelFindings)
	for _, name := range r.Tools {
		t.line("tool", "%s", name)
	}
	t.findings("tools", r.ToolFindings)
	t.guest(r)
	t.times(r)
	return t.Flush()
}

type textWriter struct{ *bufio.Writer }

func (t *textWriter) line(label, format string, args ...any) {
	fmt.Fprintf(t, "%-10s %s\n", label, text.Name(fmt.Sprintf(format, args...)))
}

func (t *textWriter) head(r *Report) {
	kind := map[Kind]string{KindUnknown: "not WebAssembly", KindCore: "core module", KindComponent: "component"}[r.Kind]
	t.line("kind", "%s, %s", kind, text.Memory(uint64(r.Size)))
	if r.Kind == KindComponent {
		t.line("", "%d core modules, %d core instances", r.Modules, r.Instances)
	}
	t.line("verdict", "%s; %s", r.Verdict, map[bool]string{true: "kernel-ready", false: "not kernel-ready"}[r.KernelReady])
	for _, m := range r.Memories {
		most := "no maximum"
		if m.Max > 0 {
			most = "at most " + text.Memory(m.Max)
		}
		from := ""
		if m.Imported {
			from = ", imported"
		}
		t.line("memory", "%s, %s%s", text.Memory(m.Min), most, from)
	}
	for _, p := range r.Producers {
		t.line(p.Field, "%s %s", p.Name, p.Version)
	}
}

func (t *textWriter) sections(r *Report) {
	// Below a hundredth of the file a section tells nothing.
	label := "sections"
	for _, s := range r.Sections {
		if s.Bytes*100 >= r.Size {
			t.line(label, "%9s  %3d%%  %s", text.Memory(uint64(s.Bytes)), s.Bytes*100/max(r.Size, 1), s.Name)
			label = ""
		}
	}
}

// imports groups by package or module; the mark says who provides it.
func (t *textWriter) imports(r *Report) {
	var order []string
	lines := map[string][]string{}
	for _, i := range r.Imports {
		if i.Class == ClassNone {
			continue
		}
		group, item := i.Module, i.Name
		if i.Name == "" {
			if group, item, _ = strings.Cut(i.Module, "/"); item == "" {
				item = group
			}
		}
		if lines[group] == nil {
			order = append(order, group)
		}
		mark := map[Class]string{ClassKernel: "kernel ", ClassWASI: "wasi   ", ClassForeign: "FOREIGN"}[i.Class]
		lines[group] = append(lines[group], fmt.Sprintf("  %s  %s%s", mark, item, typeSuffix(i.Type)))
	}
	label := "imports"
	for _, group := range order {
		t.line(label, "%s", group)
		label = ""
		for _, line := range lines[group] {
			t.line("", "%s", line)
		}
	}
}

func (t *textWriter) exports(r *Report) {
	label := "exports"
	for _, e := range r.Exports {
		t.line(label, "%s %s%s", e.Kind, e.Name, typeSuffix(e.Type))
		label = ""
	}
}

func typeSuffix(s string) string {
	if s == "" {
		return ""
	}
	return "  " + s
}

func (t *textWriter) calls(r *Report) {
	for _, c := range r.Calls {
		switch {
		case c.Error != "":
			t.line("call", "%s: %s", c.Action, c.Error)
			t.trap(c.Trap)
		case !c.HasData:
			t.line("call", "%s -> %s, no data, %.1f ms", c.Action, c.Returned, c.Millis)
		default:
			t.line("call", "%s -> %s, %s, %.1f ms", c.Action, c.Returned, text.Memory(uint64(len(c.Data)+c.DataCut)), c.Millis)
			t.block(string(c.Data))
		}
	}
}

func (t *textWriter) findings(label string, list []finding.Finding) {
	for _, f := range list {
		t.line(label, "%s", f)
		if f.Hint != "" {
			t.line("", "  %s", f.Hint)
		}
	}
}

func (t *textWriter) guest(r *Report) {
	t.trap(r.Trap)
	if r.Stdout != "" {
		t.line("stdout", "")
		t.block(r.Stdout)
	}
	if r.Stderr != "" {
		t.line("stderr", "")
		t.block(r.Stderr)
	}
	if r.Cut > 0 {
		t.line("", "%s of its output were not kept", text.Memory(uint64(r.Cut)))
	}
}

func (t *textWriter) trap(trap *Trap) {
	if trap == nil {
		return
	}
	t.line("trap", "%s", trap.Message)
	if trap.At != nil {
		t.line("", "%s", trap.At)
	}
	for _, frame := range trap.Stack {
		t.line("", "  %s", frame)
	}
}

func (t *textWriter) block(s string) {
	for line := range strings.Lines(s) {
		t.line("", "  %s", strings.TrimRight(line, "\n"))
	}
}

func (t *textWriter) times(r *Report) {
	t.line("times", "read %.1f ms, compile %.1f ms, start %.1f ms, all %.1f ms; guest memory %s",
		r.Times.Scan, r.Times.Compile, r.Times.Instantiate, r.Times.Total, text.Memory(r.PeakGuest))
}
