package component

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestCorpus decodes components of every toolchain and asserts what must hold of them.
func TestCorpus(t *testing.T) {
	for name, b := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			decodeAndCheck(t, b, true)
			if c, err := Decode(b); err == nil {
				if n := checkSignatures(t, b, c); n < 3 {
					t.Errorf("%d signatures were compared", n)
				}
			}
		})
	}
}

// TestSeedSignatures does so for the assembled components, whose modules the tool that
// assembled them has checked.
func TestSeedSignatures(t *testing.T) {
	for name, want := range map[string]int{"canon.bin": 5, "async.bin": 1} {
		b := seeds(t)[name]
		c, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		if n := checkSignatures(t, b, c); n != want {
			t.Errorf("%s: %d signatures were compared, want %d", name, n, want)
		}
	}
}

// checkSignatures compares the core signature that the canonical ABI gives a lowered or lifted
// function with the one that the module next to it was compiled with, and returns how many
// were compared.
func checkSignatures(t *testing.T, b []byte, c *Component) (compared int) {
	t.Helper()
	types := map[int][2]map[string]CoreFuncType{} // by core module: imports, exports
	for i, d := range c.Space(SortCoreModule) {
		if m, ok := d.(*CoreModule); ok {
			types[i] = moduleSignatures(t, m.Range.Of(b))
		}
	}
	for _, d := range c.Defs {
		switch d := d.(type) {
		case *CoreInstance:
			compared += checkArgs(t, c, d, types)
		case *Canon:
			if d.Op == Lift {
				compared += checkLift(t, c, d, types)
			}
		case *Component:
			compared += checkSignatures(t, b, d)
		}
	}
	return compared
}

func moduleSignatures(t *testing.T, b []byte) [2]map[string]CoreFuncType {
	t.Helper()
	m, err := DecodeModule(b)
	if err != nil {
		t.Fatal(err)
	}
	s := [2]map[string]CoreFuncType{{}, {}}
	for _, im := range m.Imports {
		if im.Type.Kind == ExternFunc {
			s[0][im.Module+"\x00"+im.Name] = im.Type.Func
		}
	}
	for _, e := range m.Exports {
		if e.Kind == ExternFunc {
			s[1][e.Name], _ = m.FuncType(e.Index)
		}
	}
	return s
}

// checkArgs compares the canonical functions that a module is instantiated with.
func checkArgs(t *testing.T, c *Component, in *CoreInstance, types map[int][2]map[string]CoreFuncType) (n int) {
	t.Helper()
	for _, a := range in.Args {
		bundle, ok := c.Space(SortCoreInstance)[a.Instance].(*CoreInstance)
		if !ok || !bundle.Inline {
			continue
		}
		for _, e := range bundle.Exports {
			if e.Sort != SortCoreFunc {
				continue
			}
			canon, ok := c.Space(SortCoreFunc)[e.Index].(*Canon)
			want, known := types[int(in.Module)][0][a.Name+"\x00"+e.Name]
			if !ok || !known {
				continue
			}
			n += compare(t, canon, a.Name+" "+e.Name, want)
		}
	}
	return n
}

// checkLift compares the core function that is lifted.
func checkLift(t *testing.T, c *Component, canon *Canon, types map[int][2]map[string]CoreFuncType) int {
	t.Helper()
	a, ok := c.Space(SortCoreFunc)[canon.Func].(*Alias)
	if !ok || a.Kind != AliasCoreExport {
		return 0
	}
	in, ok := c.Space(SortCoreInstance)[a.Instance].(*CoreInstance)
	if !ok || in.Inline {
		return 0
	}
	want, known := types[int(in.Module)][1][a.Name]
	if !known {
		return 0
	}
	return compare(t, canon, "export "+a.Name, want)
}

func compare(t *testing.T, canon *Canon, name string, want CoreFuncType) int {
	t.Helper()
	got, ok := canon.CoreType()
	if !ok {
		return 0
	}
	if got.String() != want.String() {
		t.Errorf("%s %s is computed as %s, compiled as %s", canon.Op, name, got, want)
	}
	return 1
}

// TestOracleAgrees compares index spaces and worlds with what the independent tool prints.
func TestOracleAgrees(t *testing.T) {
	all := corpus(t)
	o := newOracle(t)
	for name, b := range seeds(t) {
		all[name] = b
	}
	for name, b := range all {
		t.Run(name, func(t *testing.T) {
			o.t = t
			if len(b) > 1<<20 {
				b = withoutModules(t, b) // the text of megabytes of code shows nothing about components
			}
			c, err := Decode(b)
			if err != nil {
				m, merr := DecodeModule(b)
				if merr != nil {
					t.Fatal(err, merr)
				}
				checkPrintedModule(t, m, o.must(question{Op: "print", Data: b}).Text)
				return
			}
			checkPrinted(t, c, o.must(question{Op: "print", Data: b}).Text)
		})
	}
}

// withoutModules replaces each core module by an empty one.
func withoutModules(t *testing.T, b []byte) []byte {
	t.Helper()
	c, err := Decode(b)
	if err != nil {
		return b
	}
	return emptied(b, c)
}

func emptied(b []byte, c *Component) []byte {
	var sections [][]byte
	defs := c.Defs
	for _, s := range c.Sections {
		payload := s.Payload.Of(b)
		for len(defs) > 0 && defs[0].At() < s.Payload.Offset {
			defs = defs[1:]
		}
		if s.ID == 1 {
			payload = mod()
		}
		if s.ID == 4 {
			payload = emptied(b, defs[0].(*Component))
		}
		sections = append(sections, sec(s.ID, payload))
	}
	return comp(sections...)
}

// How a definition is numbered in a printed component, once identifiers are taken out: by a
// comment behind its sort, "(core func (;12;)", an export by one in front of its name.
var (
	printedNames  = regexp.MustCompile(` \(@name "(?:[^"\\]|\\.)*"\)| \$"(?:[^"\\]|\\.)*"| \$[^ ()"]+`)
	printedIndex  = regexp.MustCompile(`\((core )?(func|table|memory|global|tag|type|module|instance|component) \(;\d+;\)`)
	printedExport = regexp.MustCompile(`^\(export \(;\d+;\) "[^"]*"(?: \([a-z-]+ "[^"]*"\))* \((core )?(func|type|module|instance|component)\b`)
)

// checkPrinted counts the numbered definitions of each sort in the printed component and
// those nested in it. Types declared inside types have numbers too and are left out by depth.
func checkPrinted(t *testing.T, c *Component, text string) {
	t.Helper()
	printed := printedSpaces(text)
	var got []string
	var walk func(c *Component)
	walk = func(c *Component) {
		got = append(got, spaceCounts(func(s Sort) int { return len(c.spaces[s]) }))
		for _, d := range c.Defs {
			if n, ok := d.(*Component); ok {
				walk(n)
			}
		}
	}
	walk(c)
	if !slices.Equal(got, printed) {
		t.Errorf("index spaces\n%s\nprinted\n%s", strings.Join(got, "\n"), strings.Join(printed, "\n"))
	}
}

func spaceCounts(count func(Sort) int) string {
	var b strings.Builder
	for s := range Sort(sortCount) {
		if n := count(s); n > 0 {
			fmt.Fprintf(&b, "%s %d, ", s, n)
		}
	}
	return b.String()
}

// printedSpaces reads the sizes of the index spaces of each component in a printed one, in the
// order in which the components begin.
func printedSpaces(text string) (all []string) {
	type open struct {
		depth, at int
		counts    map[Sort]int
	}
	var stack []open
	closeTo := func(depth int) {
		for len(stack) > 0 && stack[len(stack)-1].depth >= depth {
			top := stack[len(stack)-1]
			all[top.at] = spaceCounts(func(s Sort) int { return top.counts[s] })
			stack = stack[:len(stack)-1]
		}
	}
	for line := range strings.Lines(text) {
		depth := (len(line) - len(strings.TrimLeft(line, " "))) / 2
		line = strings.TrimSpace(line)
		closeTo(depth)
		body := len(stack) == 0 || depth == stack[len(stack)-1].depth+1
		if body && len(stack) > 0 {
			countLine(line, stack[len(stack)-1].counts)
		}
		if body && strings.HasPrefix(line, "(component") {
			stack = append(stack, open{depth, len(all), map[Sort]int{}})
			all = append(all, "")
		}
	}
	closeTo(0)
	return all
}

// countLine counts the definition on a line of a component's body. Further numbers on the line
// belong to what the definition's type declares.
func countLine(line string, counts map[Sort]int) {
	line = printedNames.ReplaceAllString(line, "")
	m := printedExport.FindStringSubmatch(line)
	if m == nil && !strings.HasPrefix(line, "(export") {
		m = printedIndex.FindStringSubmatch(line)
	}
	if m != nil {
		counts[Sort(slices.Index(sortNames[:], m[1]+m[2]))]++
	}
}

// checkPrintedModule compares the sizes of a module's index spaces with the printed ones.
func checkPrintedModule(t *testing.T, m *Module, text string) {
	t.Helper()
	counts := map[string]int{}
	for _, f := range regexp.MustCompile(`\((func|table|memory|global|tag|type)(?: \$[^ ]*)? \(;\d+;\)`).FindAllStringSubmatch(text, -1) {
		counts[f[1]]++
	}
	want := map[string]int{"func": m.FuncCount(), "table": len(m.Tables), "memory": len(m.Memories),
		"global": len(m.Globals), "tag": len(m.Tags), "type": len(m.Types)}
	for k, n := range want {
		if counts[k] != n {
			t.Errorf("%s: %d decoded, %d printed", k, n, counts[k])
		}
	}
}
