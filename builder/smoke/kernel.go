package smoke

import (
	"fmt"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/component"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// kernelMemory is what the kernel gives a capsule: 1,024 pages.
const kernelMemory = 64 << 20

// lifecycle are the contract functions beside the trigger, all () -> ().
var lifecycle = []string{"run", "astrid-install", "astrid-upgrade"}

// contract is what is known of the exports that the kernel calls.
type contract struct {
	identity map[string]string // export name -> the core function behind it
	badType  []string          // contract names with another type than the contract's
}

// needs lists, for an interface without version, the capabilities of which one must be
// declared for its calls to be allowed.
var needs = []struct {
	iface string
	oneOf []string
}{
	{"astrid:http/host", []string{"net"}},
	{"astrid:net/host", []string{"net", "net_connect", "net_bind"}},
	{"astrid:fs/host", []string{"fs_read", "fs_write"}},
	{"astrid:process/host", []string{"host_process"}},
	{"astrid:identity/host", []string{"identity"}},
	{"astrid:uplink/host", []string{"uplink"}},
	{"astrid:kv/host", []string{"kv"}},
}

// judge fills the kernel-ready verdict. It needs the finished load verdict.
func (w *work) judge(r *Report, c contract) {
	k := &judgement{report: r, declared: w.options.Declared, contract: c}
	k.form()
	k.imports()
	k.exports()
	k.capabilities()
	k.limits()
	finding.Sort(k.findings)
	r.KernelFindings = k.findings
	r.KernelReady = r.Verdict != Fails && finding.Count(k.findings, finding.Error) == 0
}

type judgement struct {
	report   *Report
	declared *Declared // may be nil
	contract contract
	findings []finding.Finding
}

func (k *judgement) add(s finding.Severity, code, message, hint string) {
	k.findings = append(k.findings, finding.Finding{Code: code, Severity: s, Message: message, Hint: hint})
}

func (k *judgement) form() {
	if k.report.Kind == KindCore {
		k.add(finding.Error, "kernel-not-component", "it is a core module, the kernel takes components only",
			"build it with wit-bindgen, or run wasm-tools component embed on it, so that it carries its world and can be wrapped")
	}
}

func (k *judgement) imports() {
	var wasi []string
	for _, i := range k.report.Imports {
		switch i.Class {
		case ClassKernel, ClassNone:
		case ClassWASI:
			if !slices.Contains(wasi, i.Module) {
				wasi = append(wasi, i.Module)
			}
		default:
			k.foreign(i)
		}
	}
	if len(wasi) > 0 && k.report.Kind == KindComponent {
		k.add(finding.Error, "kernel-wasi", "it imports "+strings.Join(wasi, ", ")+", and the kernel offers no WASI",
			"build for wasm32-unknown-unknown, or stub WASI when the component is made (componentize-qjs --stub-wasi, componentize-js with its features disabled)")
	}
}

func (k *judgement) foreign(i Import) {
	if k.report.Kind == KindCore {
		return // the wrapped module's imports decide
	}
	name, version, _ := strings.Cut(i.Module, "@")
	var offered []string
	for known := range kernelImports {
		if n, v, _ := strings.Cut(known, "@"); n == name {
			offered = append(offered, v)
		}
	}
	slices.Sort(offered)
	if len(offered) > 0 {
		k.add(finding.Error, "kernel-import-version", fmt.Sprintf("it imports %s, the kernel offers %s", i.Module, strings.Join(offered, " and ")),
			fmt.Sprintf("use the WIT files of version %s instead of %q", offered[len(offered)-1], version))
		return
	}
	k.add(finding.Error, "kernel-import-unknown", fmt.Sprintf("it imports %s, which the kernel does not offer", i.Module),
		"remove the import from the world, or compose a component in that provides it")
}

func (k *judgement) exports() {
	names := map[string]bool{}
	for _, e := range k.report.Exports {
		names[e.Name] = e.Kind == "func"
	}
	stubs := k.stubs()
	real := names[triggerName]
	for _, n := range lifecycle {
		real = real || names[n] && !slices.Contains(stubs, n)
	}
	if len(stubs) > 0 {
		k.add(finding.Note, "kernel-stub-exports", strings.Join(stubs, ", ")+" are one and the same function: stubs that a toolchain fills in",
			"write them, or leave them out of the world")
	}
	if !real {
		k.add(finding.Error, "kernel-no-contract", "it exports none of "+triggerName+", "+strings.Join(lifecycle, ", "),
			"export the function that the kernel shall call, at the top level of the world")
	}
	if k.declared != nil && len(k.declared.Handlers) > 0 && !names[triggerName] {
		k.add(finding.Error, "kernel-no-trigger", fmt.Sprintf("[subscribe] names the handler %q, which needs the export %s", k.declared.Handlers[0], triggerName),
			"export "+triggerName+", or remove the handler from [subscribe]")
	}
	for _, n := range k.contract.badType {
		k.add(finding.Error, "kernel-contract-type", n+" does not have the type that the kernel calls it with", contractTypes)
	}
}

const contractTypes = triggerName + ": func(action: string, payload: list<u8>) -> record { action: string, data: option<string> }; run, astrid-install, astrid-upgrade: func()"

// stubs returns those lifecycle exports that share one function.
func (k *judgement) stubs() (names []string) {
	count := map[string]int{}
	for _, n := range lifecycle {
		if id, ok := k.contract.identity[n]; ok {
			count[id]++
		}
	}
	for _, n := range lifecycle {
		if id, ok := k.contract.identity[n]; ok && count[id] > 1 {
			names = append(names, n)
		}
	}
	return names
}

func (k *judgement) capabilities() {
	if k.declared == nil {
		return
	}
	imported := map[string]bool{}
	for _, i := range k.report.Imports {
		name, _, _ := strings.Cut(i.Module, "@")
		imported[name] = true
	}
	has := func(c string) bool {
		return slices.Contains(k.declared.Capabilities, c) || c == "uplink" && k.declared.Uplink
	}
	useful := map[string]bool{}
	for _, n := range needs {
		if imported[n.iface] && !slices.ContainsFunc(n.oneOf, has) {
			k.add(finding.Warning, "kernel-capability-missing", fmt.Sprintf("it imports %s but [capabilities] declares no %s: its calls will be refused", n.iface, strings.Join(n.oneOf, " or ")),
				fmt.Sprintf("declare %s in [capabilities], or drop the import", n.oneOf[0]))
		}
		for _, c := range n.oneOf {
			useful[c] = useful[c] || imported[n.iface]
		}
	}
	for _, n := range needs {
		for _, c := range n.oneOf {
			if used, ok := useful[c]; ok && !used && has(c) {
				k.add(finding.Note, "kernel-capability-unused", fmt.Sprintf("[capabilities] declares %s, but nothing it imports needs it", c),
					fmt.Sprintf("remove %s: a capsule that asks for less is installed more readily", c))
			}
			delete(useful, c) // once for net, which two interfaces need
		}
	}
}

func (k *judgement) limits() {
	var sum uint64
	for _, m := range k.report.Memories {
		sum = max(sum, m.Min)
	}
	if sum > kernelMemory {
		k.add(finding.Error, "kernel-memory", fmt.Sprintf("its memory begins with %s, the kernel gives 64 MiB", bytesText(sum)), "let the linker ask for less")
	}
	for _, p := range k.report.Proposals {
		if !p.Kernel {
			k.add(finding.Error, "kernel-proposal", "the kernel's engine refuses the "+p.Name+" proposal", "turn the feature off in the compiler's target options")
		}
	}
}

// coreContract reads the contract exports of a core module.
func coreContract(m *module) contract {
	c := contract{identity: map[string]string{}}
	for _, e := range m.exports {
		if e.kind != kindFunc || int64(e.index) >= int64(len(m.funcs)) {
			continue // the module may be one that the scan refused
		}
		c.identity[e.name] = fmt.Sprint(e.index)
		want := ""
		if e.name == triggerName {
			want = "(i32, i32, i32, i32) -> i32"
		} else if slices.Contains(lifecycle, e.name) {
			want = "()"
		}
		if want != "" && m.typeText(m.funcs[e.index]) != want {
			c.badType = append(c.badType, e.name)
		}
	}
	return c
}

// componentContract reads those of a component. After a failed load exports is nil, and
// only the types, which decoding gave, are known.
func (l *linker) componentContract(root *component.Component, exports bundle) contract {
	c := contract{identity: map[string]string{}}
	for _, e := range root.Exports {
		f := e.Extern.Func
		switch {
		case f == nil:
		case e.Name == triggerName && !isTriggerType(f):
			c.badType = append(c.badType, e.Name)
		case slices.Contains(lifecycle, e.Name) && len(f.Params)+results(f) > 0:
			c.badType = append(c.badType, e.Name)
		}
		lifted, ok := exports[e.Name].(function)
		if !ok || lifted.lifted == nil {
			continue
		}
		item, _ := lifted.scope.at(component.SortCoreFunc, lifted.lifted.Func).(coreItem)
		if m := l.origin[item.key]; m != nil {
			if x, ok := m.exportOf(item.name); ok {
				c.identity[e.Name] = fmt.Sprintf("%s/%d", item.key, x.index)
			}
		}
	}
	return c
}

func results(f *component.FuncType) int {
	if f.Result == nil {
		return 0
	}
	return 1
}

// isTriggerType compares structure, not names: a record may be called anything.
func isTriggerType(f *component.FuncType) bool {
	bytes := func(t *component.Type) bool {
		return t != nil && t.Kind == component.List && t.Elem != nil && t.Elem.Kind == component.U8
	}
	if f == nil || len(f.Params) != 2 || f.Result == nil {
		return false
	}
	if f.Params[0].Type.Kind != component.String || !bytes(f.Params[1].Type) {
		return false
	}
	r := f.Result
	if r.Kind != component.Record || len(r.Fields) != 2 {
		return false
	}
	data := r.Fields[1].Type
	return r.Fields[0].Type.Kind == component.String && data.Kind == component.Option && (bytes(data.Elem) || data.Elem.Kind == component.String)
}
