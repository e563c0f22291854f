package smoke

import (
	"fmt"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// lifecycle are the contract functions beside the trigger, all () -> ().
var lifecycle = []string{"run", "astrid-install", "astrid-upgrade"}

// needs lists, for an interface without version, the capabilities of which one must be
// declared for its calls to be allowed. kv is not gated, and uplinks are the operator's
// business (crate astrid-capsule, security).
var needs = []struct {
	iface string
	oneOf []string
}{
	{"astrid:http/host", []string{"net"}},
	{"astrid:net/host", []string{"net", "net_connect", "net_bind"}},
	{"astrid:fs/host", []string{"fs_read", "fs_write"}},
	{"astrid:process/host", []string{"host_process"}},
	{"astrid:identity/host", []string{"identity"}},
}

// judge fills the kernel-ready verdict. It needs the finished load verdict; the reading
// is nil for bytes that could not be read, and l has what running them showed.
func (w *work) judge(r *Report, reading *reader.Reading, l *live) {
	k := &judgement{report: r, declared: w.options.Declared, release: w.release, reading: reading}
	k.form()
	k.imports()
	k.releases()
	k.exports()
	k.capabilities()
	k.limits()
	if l != nil {
		k.findings = append(k.findings, l.readiness...)
	}
	finding.Sort(k.findings)
	r.KernelFindings, r.Runtimes = k.findings, []string{w.release.Version}
	r.KernelReady = r.Verdict != Fails && finding.Count(k.findings, finding.Error) == 0
}

func (k *judgement) form() {
	if k.report.Kind != KindCore {
		return
	}
	hint := "build it with wit-bindgen or an SDK, so that it carries its world: a build then makes a component of it"
	if k.reading != nil && k.reading.Wrappable {
		hint = "it carries its world: leave out wrap = false, and a build makes a component of it"
	}
	k.add(finding.Error, finding.KernelNotComponent, "it is a core module, the kernel takes components only", hint)
}

// imports holds what a component imports against what the release's host has, as the
// runtime's linker does: by name on one track of versions, then by exact types.
func (k *judgement) imports() {
	if k.plan() == nil {
		return
	}
	var wasi []string
	for _, i := range k.plan().Imports {
		bound, host, ok := k.release.Bind(i.Name)
		switch {
		case i.Kind == "type":
		case i.Kind != "instance":
			k.add(finding.Error, finding.KernelImportUnknown, fmt.Sprintf("it imports the %s %s by itself, and the kernel offers interfaces only", i.Kind, i.Name),
				"import it as part of an interface that the kernel offers")
		case ok:
			k.items(i, bound, host)
		case !needsHost(i):
		case strings.HasPrefix(i.Name, "wasi:"):
			wasi = append(wasi, i.Name)
		default:
			k.unknown(i.Name)
		}
	}
	if len(wasi) > 0 {
		k.add(finding.Error, finding.KernelWASI, "it imports "+strings.Join(wasi, ", ")+", and the kernel offers no WASI",
			"build for wasm32-unknown-unknown, or stub WASI when the component is made (componentize-qjs --stub-wasi, componentize-js with its features disabled)")
	}
}

// items compares an imported instance with the host's, function by function.
func (k *judgement) items(i reader.Item, bound string, host *astrid.Interface) {
	for _, item := range i.Items {
		switch itemOf(host, item) {
		case itemThere:
		case itemOtherType:
			ours, theirs := differing(item.Type, host.Functions[item.Name])
			k.add(finding.Error, finding.KernelImportType, fmt.Sprintf("it imports %s of %s with another type than the runtime %s has: %q where the runtime has %q", item.Name, bound, k.release.Version, ours, theirs),
				"build with the WIT files of that release"+k.fits(i.Name, item))
		case itemMissing:
			k.add(finding.Error, finding.KernelImportMissing, fmt.Sprintf("it imports the %s %s of %s, which the runtime %s does not have there", item.Kind, item.Name, bound, k.release.Version),
				"build with the WIT files of that release"+k.fits(i.Name, item))
		}
	}
}

// differing cuts two types down to what a person has to compare: from the last item that
// both have, as far as a line goes.
func differing(a, b string) (string, string) {
	const shown = 80
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	from := strings.LastIndexAny(a[:at], "{(<, ") + 1
	cut := func(s string) string {
		s = s[from:]
		if len(s) > shown {
			s = s[:shown] + "..."
		}
		return s
	}
	return cut(a), cut(b)
}

// fits names the releases that have a function as it is imported.
func (k *judgement) fits(name string, item reader.Item) string {
	var versions []string
	for _, r := range astrid.Releases() {
		if _, host, ok := r.Bind(name); ok && item.Kind == "func" && itemOf(host, item) == itemThere {
			versions = append(versions, r.Version)
		}
	}
	if len(versions) == 0 {
		return ""
	}
	return fmt.Sprintf("; as it is imported it is in the releases %s to %s", versions[0], versions[len(versions)-1])
}

func (k *judgement) unknown(name string) {
	base, version, _ := strings.Cut(name, "@")
	if first := astrid.FirstWithInterface(name); first != "" {
		k.add(finding.Error, finding.KernelImportRelease, fmt.Sprintf("it imports %s, which the runtime %s does not have: it is there from %s on", name, k.release.Version, first),
			fmt.Sprintf("write astrid-version = \">=%s\", or build with older WIT files", first))
		return
	}
	if offered := k.release.Versions(base); len(offered) > 0 {
		k.add(finding.Error, finding.KernelImportVersion, fmt.Sprintf("it imports %s, the kernel offers %s", name, strings.Join(offered, " and ")),
			fmt.Sprintf("use the WIT files of version %s instead of %q", offered[len(offered)-1], version))
		return
	}
	k.add(finding.Error, finding.KernelImportUnknown, fmt.Sprintf("it imports %s, which the kernel does not offer", name),
		"remove the import from the world, or compose a component in that provides it")
}

// exports tells what the kernel would call. It looks for these functions by name when it
// wants to call them, so that none of them keeps a component from being loaded.
func (k *judgement) exports() {
	if k.reading == nil {
		return
	}
	if len(k.reading.Stubs) > 0 {
		k.add(finding.Note, finding.KernelStubExports, strings.Join(k.reading.Stubs, ", ")+" are one and the same function: stubs that a toolchain fills in",
			"write them, or leave them out of the world")
	}
	if len(k.reading.Real) == 0 {
		k.add(finding.Warning, finding.KernelNoContract, "it exports none of "+engine.TriggerName+", "+strings.Join(lifecycle, ", ")+": the kernel loads it and never calls it",
			"export the function that the kernel shall call, at the top level of the world")
	}
	hasTrigger := slices.ContainsFunc(k.reading.Exports, func(e reader.Export) bool { return e.Name == engine.TriggerName && e.Kind == "func" })
	if k.declared != nil && len(k.declared.Handlers) > 0 && !hasTrigger {
		k.add(finding.Error, finding.KernelNoTrigger, fmt.Sprintf("[subscribe] names the handler %q, which needs the export %s", k.declared.Handlers[0], engine.TriggerName),
			"export "+engine.TriggerName+", or remove the handler from [subscribe]")
	}
	k.contractTypes()
}

// contractTypes tells of contract exports that the kernel finds and cannot call.
func (k *judgement) contractTypes() {
	bad := func(name string) {
		k.add(finding.Warning, finding.KernelContractType, name+" does not have the type that the kernel calls it with: each call of it will fail", contractTypes)
	}
	if k.report.Kind == KindCore {
		for _, e := range k.reading.Exports {
			if e.Kind == "func" && (e.Name == engine.TriggerName && e.Type != engine.CoreTriggerType || slices.Contains(lifecycle, e.Name) && e.Type != "()") {
				bad(e.Name)
			}
		}
		return
	}
	if k.plan() == nil {
		return
	}
	for _, e := range k.plan().Exports {
		isFunc := e.Kind == "func"
		if e.Name == engine.TriggerName && !(isFunc && engine.IsTriggerType(e.Type)) || slices.Contains(lifecycle, e.Name) && !(isFunc && engine.IsPlain(e.Type)) {
			bad(e.Name)
		}
	}
}

const contractTypes = engine.TriggerName + ": func(action: string, payload: list<u8>) -> record { action: string, data: option<string> }; run, astrid-install, astrid-upgrade: func()"

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
		return slices.Contains(k.declared.Capabilities, c)
	}
	useful := map[string]bool{}
	for _, n := range needs {
		if imported[n.iface] && !slices.ContainsFunc(n.oneOf, has) {
			k.add(finding.Warning, finding.KernelCapabilityMissing, fmt.Sprintf("it imports %s but [capabilities] declares no %s: its calls will be refused", n.iface, strings.Join(n.oneOf, " or ")),
				fmt.Sprintf("declare %s in [capabilities], or drop the import", n.oneOf[0]))
		}
		for _, c := range n.oneOf {
			useful[c] = useful[c] || imported[n.iface]
		}
	}
	for _, n := range needs {
		for _, c := range n.oneOf {
			if used, ok := useful[c]; ok && !used && has(c) {
				k.add(finding.Note, finding.KernelCapabilityUnused, fmt.Sprintf("[capabilities] declares %s, but nothing it imports needs it", c),
					fmt.Sprintf("remove %s: a capsule that asks for less is installed more readily", c))
			}
			delete(useful, c) // once for net, which two interfaces need
		}
	}
}

// limits are those of each memory and each table: the kernel does not add them up.
func (k *judgement) limits() {
	if k.reading == nil {
		return
	}
	var memory, table uint64
	for _, m := range k.reading.Memories {
		memory = max(memory, m.Min)
		if m.Shared && !m.Imported {
			k.add(finding.Error, finding.KernelSharedMemory, "it has a shared memory, which the kernel's engine does not make", "build it without threads")
		}
	}
	for _, t := range k.reading.Tables {
		table = max(table, t.Min)
	}
	if memory > astrid.MemoryBytes {
		k.add(finding.Error, finding.KernelMemory, fmt.Sprintf("its memory begins with %s, the kernel gives 64 MiB", text.Memory(memory)), "let the linker ask for less")
	}
	if most := k.release.TableElements(); most > 0 && table > most {
		k.add(finding.Error, finding.KernelTable, fmt.Sprintf("a table begins with %d elements, the kernel gives %d", table, most), "let the linker ask for less")
	}
	for _, p := range k.report.Proposals {
		if !p.Kernel {
			k.add(finding.Error, finding.KernelProposal, fmt.Sprintf("the engine of the runtime %s refuses the %s proposal", k.release.Version, p.Name), "turn the feature off in the compiler's target options")
		}
	}
}

// classOf says who is expected to provide an import module or interface.
func classOf(release *astrid.Release, module string) Class {
	_, _, ok := release.Bind(module)
	switch {
	case ok:
		return ClassKernel
	case strings.HasPrefix(module, "wasi:"), strings.HasPrefix(module, "wasi_"):
		return ClassWASI
	}
	return ClassForeign
}
