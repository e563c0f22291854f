package capsule

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// settingKeys is every key of [package.metadata.astrid-dev].
var settingKeys = []string{"toolchain", "build", "output", "inputs", "ignore", "profile", "env", "timeout", "wrap", "trace-reads", "smoke", "runtime", "var", "require-tests"}

var smokeKeys = []string{"memory", "timeout", "call"}

func (r *reader) settings(m *Manifest) Settings {
	f := r.at("package", "metadata", "astrid-dev")
	if !f.table() {
		return Settings{}
	}
	f.onlyKeys(settingKeys)
	s := Settings{
		Toolchain: f.at("toolchain").word(), Profile: f.at("profile").word(),
		Build:  f.at("build").argv(),
		Inputs: f.at("inputs").patterns(), Ignore: f.at("ignore").patterns(),
		Env: f.at("env").variables(), Timeout: f.at("timeout").duration("5m"),
		Wrap: f.at("wrap").wrap(), Runtime: f.at("runtime").releases(),
		TraceReads: f.at("trace-reads").boolean(), RequireTests: f.at("require-tests").boolean(),
		Var: f.at("var").values(m),
	}
	s.Output = f.at("output").outputs(m)
	if smoke := f.at("smoke"); smoke.table() {
		smoke.onlyKeys(smokeKeys)
		s.Smoke = Smoke{
			Memory: smoke.at("memory").size("64MiB"), Timeout: smoke.at("timeout").duration("5s"),
			Call: smoke.at("call").texts(),
		}
	}
	return s
}

// values reads a table of values for [env], which must declare each of them.
func (f field) values(m *Manifest) map[string]string {
	vars := f.variables()
	var names []string
	for _, v := range m.Env {
		names = append(names, v.Name)
	}
	for _, inner := range f.fields() {
		name := inner.last()
		if _, taken := vars[name]; taken && !slices.Contains(names, name) {
			hint := "add [env." + quoteKey(name) + "], or remove it"
			if near := Nearest(name, names); near != "" {
				hint = "did you mean " + near + "?"
			}
			f.r.faultKey(finding.SettingsValue, inner.key, hint, "%s gives a value to %s, which [env] does not have", tableName(f.key), quoteKey(name))
			delete(vars, name)
		}
	}
	return vars
}

// onlyKeys adds a finding for every key of the table that is not among names.
func (f field) onlyKeys(names []string) {
	for _, inner := range f.fields() {
		if slices.Contains(names, inner.last()) {
			continue
		}
		sorted := append([]string(nil), names...)
		sort.Strings(sorted)
		hint := "the keys are " + strings.Join(sorted, ", ")
		if near := Nearest(inner.last(), names); near != "" {
			hint = "did you mean " + near + "?"
		}
		f.r.faultKey(finding.SettingsUnknownKey, inner.key, hint, "%s does not know the key %s", tableName(f.key), quoteKey(inner.last()))
	}
}

// bad adds a finding about a value of the right type that makes no sense.
func (f field) bad(hint, format string, args ...any) {
	f.r.fault(finding.SettingsValue, f.key, hint, format, args...)
}

// word reads a name that ends up in a path or on a command line.
func (f field) word() string {
	s := f.text()
	if _, isText := f.value.(string); isText && !isWord(s) {
		f.bad("use letters, digits, dashes, dots and underscores, and a letter or digit first", "%s cannot be %q", title(f.key), s)
		return ""
	}
	return s
}

func isWord(s string) bool {
	for i, c := range s {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && (i == 0 || c != '-' && c != '_' && c != '.') {
			return false
		}
	}
	return s != "" && len(s) <= maxName
}

// argv reads a command. It is run without a shell.
func (f field) argv() []string {
	args := f.texts()
	list := tomldoc.Elements(f.value)
	if list == nil {
		if _, empty := f.value.([]any); empty {
			f.bad(`name the program: ["make", "wasm"]`, "%s is empty", title(f.key))
		}
		return nil
	}
	if len(args) == 0 && len(list) == 0 || len(args) > 0 && strings.TrimSpace(args[0]) == "" {
		f.bad(`name the program: ["make", "wasm"]`, "%s names no program", title(f.key))
		return nil
	}
	for _, arg := range args {
		if strings.ContainsRune(arg, 0) {
			f.bad("remove it", "%s holds a zero byte", title(f.key))
			return nil
		}
	}
	if len(args) == 1 && strings.ContainsAny(args[0], " \t") && len(strings.Fields(args[0])) > 1 {
		f.bad("write "+f.last()+" = "+field{key: f.key, value: args[0]}.asArray(), "%s is one word with blanks in it; no shell takes it apart", title(f.key))
		return nil
	}
	return args
}

// patterns reads a list of paths or patterns, none of which may be empty.
func (f field) patterns() []string {
	list := f.texts()
	for i, s := range list {
		if strings.TrimSpace(s) == "" || strings.ContainsRune(s, 0) {
			f.bad("remove it", "element %d of %s is empty", i+1, title(f.key))
			return nil
		}
	}
	return list
}

// variables reads a table of strings. Numbers and switches are taken as text.
func (f field) variables() map[string]string {
	var vars map[string]string
	for _, inner := range f.fields() {
		name := inner.last()
		if name == "" || strings.ContainsAny(name, "=\x00") {
			inner.bad("remove it", "%s cannot be the name of a variable", strconv.Quote(name))
			continue
		}
		text := literal(inner.value, "")
		switch inner.value.(type) {
		case string, bool, int64, float64:
		default:
			inner.wrong("a string", "write "+quoteKey(name)+` = "..."`)
			continue
		}
		if strings.ContainsRune(text, 0) {
			inner.bad("remove it", "%s holds a zero byte", title(inner.key))
			continue
		}
		if vars == nil {
			vars = map[string]string{}
		}
		vars[name] = text
	}
	return vars
}

// quantity is the text of a number with a unit, and what to write instead.
func (f field) quantity(example string) (text, hint string, ok bool) {
	if !f.found {
		return "", "", false
	}
	hint = fmt.Sprintf("write a number and a unit: %s = %q", f.last(), example)
	if text, ok = f.value.(string); !ok {
		f.wrong("a string with a unit", hint)
	}
	return text, hint, ok
}

func (f field) duration(example string) time.Duration {
	s, hint, ok := f.quantity(example)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		f.bad(hint, "%s cannot be %q", title(f.key), s)
		return 0
	}
	return d
}

// sizeUnits in the order they are tried: longer endings first.
var sizeUnits = []struct {
	name  string
	bytes uint64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"B", 1},
}

// maxMemory is what a 32-bit guest can address.
const maxMemory = 4 << 30

func (f field) size(example string) uint64 {
	s, hint, ok := f.quantity(example)
	if !ok {
		return 0
	}
	bytes, ok := ParseSize(s)
	switch {
	case !ok || bytes == 0:
		f.bad(hint, "%s cannot be %q", title(f.key), s)
	case bytes > maxMemory:
		f.bad(hint, "%s is more than the 4 GiB that a module can address", title(f.key))
	default:
		return bytes
	}
	return 0
}

// ParseSize reads a size as in "64MiB" or "500 MB"; ok is false for what is none.
func ParseSize(s string) (uint64, bool) {
	s = strings.TrimSpace(s)
	for _, unit := range sizeUnits {
		digits, ok := strings.CutSuffix(s, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 64)
		return n * unit.bytes, err == nil && n <= math.MaxUint64/unit.bytes
	}
	return 0, false
}

// releases reads the releases of the runtime that must take the capsule: one, or a list.
func (f field) releases() []string {
	one, single := f.value.(string)
	asked := []string{one}
	if !single {
		asked = f.texts()
	}
	list, err := astrid.FindAll(asked)
	if err != nil {
		f.bad("name one that is known: runtime = ["+strconv.Quote(astrid.Newest().Version)+"]", "%s: %v", title(f.key), err)
	}
	return astrid.Versions(list)
}

func (f field) wrap() Wrap {
	switch on := f.value.(type) {
	case nil:
		return Wrap{}
	case bool:
		return Wrap{Off: !on}
	}
	return Wrap{Argv: f.argv()}
}

// outputs reads output: a path for the one component, or a table from
// component id (or file) to path. It fills in Component.Output.
func (f field) outputs(m *Manifest) string {
	if _, isTable := f.value.(map[string]any); isTable {
		for _, inner := range f.fields() {
			f.outputOf(m, inner)
		}
		return ""
	}
	if !f.found {
		return ""
	}
	if len(m.Components) > 1 {
		if _, isText := f.value.(string); isText {
			f.bad("write output = { "+quoteKey(componentName(m.Components[0]))+` = "..." }`, "one output cannot be that of %d components", len(m.Components))
			return ""
		}
	}
	path := f.text()
	if len(m.Components) == 1 {
		m.Components[0].Output = path
	}
	return path
}

func (f field) outputOf(m *Manifest, inner field) {
	for i := range m.Components {
		if c := &m.Components[i]; inner.last() == c.ID || inner.last() == c.File {
			c.Output = inner.text()
			return
		}
	}
	var names []string
	for _, c := range m.Components {
		names = append(names, componentName(c))
	}
	f.r.faultKey(finding.SettingsValue, inner.key, "the components are "+strings.Join(names, ", "), "no component has the id %q", inner.last())
}

func componentName(c Component) string {
	if c.ID != "" {
		return c.ID
	}
	return c.File
}
