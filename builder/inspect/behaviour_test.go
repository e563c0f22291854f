package inspect

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/tests"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// The capsules of these tests are made: ten tools in C, each a small sum with an error, an answer, a
// publication. A variant has one tool that is written otherwise. Ten tools in six ways of behaving otherwise are
// sixty changes; in six ways of behaving the same, sixty refactorings.

const tools10 = 10

// toolC is the tool number n.
func toolC(n int) string {
	return strings.ReplaceAll(strings.ReplaceAll(`
static struct outcome t@(struct text arguments)
{
	struct text given = json_read(json_member(arguments, TEXT("text")));
	if (!given.at)
		return (struct outcome){TEXT("tool @ wants a text"), true};
	int sum = @3;
	for (size_t i = 0; i < given.len; i++)
		sum += given.at[i] * @3;
	if (given.len > 2)
		publish(TEXT("sums.v1.t@"), TEXT("{\"many\":true}"));
	return (struct outcome){JOIN(TEXT("{\"sum\":"), number(sum), TEXT(",\"of\":"), json_quote(given), TEXT("}")), false};
}
`, "@3", fmt.Sprint(n+3)), "@", fmt.Sprint(n))
}

// variant is a way to write a tool: what is replaced by what, with @ for the tool's number.
type variant struct{ name, from, to string }

var planted = []variant{
	{"the words of an error", "tool @ wants a text", "tool @: no text"},
	{"a number", "sum += given.at[i]", "sum -= given.at[i]"},
	{"a key of the answer", `{\"sum\":`, `{\"total\":`},
	{"what is published", `{\"many\":true}`, `{\"many\":1}`},
	{"whether something is published", "if (given.len > 2)", "if (given.len > 3)"},
	{"a trap", "	int sum = ", "	if (given.len == 3)\n		__builtin_trap();\n	int sum = "},
}

var refactored = []variant{
	{"another name", "sum", "total_of_all"},
	{"backwards", "for (size_t i = 0; i < given.len; i++)", "for (size_t i = given.len; i-- > 0;)"},
	{"a condition turned round", "if (given.len > 2)", "if (!(given.len < 3))"},
	{"the order of keys", `TEXT("{\"sum\":"), number(sum), TEXT(",\"of\":"), json_quote(given), TEXT("}")`, `TEXT("{\"of\":"), json_quote(given), TEXT(",\"sum\":"), number(sum), TEXT("}")`},
	{"a function of its own", "		sum += given.at[i] *", "		sum = plus(sum, given.at[i]) + given.at[i] * -1 + given.at[i] *"},
	{"more memory than before", "	int sum = ", "	char *more = scratch(4096);\n	more[0] = given.at[0];\n	int sum = "},
}

// made writes the source of all tools, of which n is written as a variant; n < 0: none is.
func made(n int, v variant) string {
	b := strings.Builder{}
	b.WriteString(`#include "capsule.h"
static struct text number(int n)
{
	char *to = scratch(12), *at = to + 12;
	unsigned rest = n < 0 ? -(unsigned)n : n;
	do
		*--at = '0' + rest % 10;
	while (rest /= 10);
	if (n < 0)
		*--at = '-';
	return (struct text){at, to + 12 - at};
}
static __attribute__((noinline, unused)) int plus(int a, int b) { return a + b; }
`)
	for i := range tools10 {
		tool := toolC(i)
		if i == n {
			from := strings.ReplaceAll(v.from, "@", fmt.Sprint(i))
			if !strings.Contains(tool, from) {
				panic(v.name + ": " + from)
			}
			to := strings.ReplaceAll(v.to, "@", fmt.Sprint(i))
			if v.name == "another name" {
				tool = strings.ReplaceAll(strings.ReplaceAll(tool, "int sum", "int total_of_all"), "number(sum)", "number(total_of_all)")
				tool = strings.ReplaceAll(tool, "		sum +=", "		total_of_all +=")
			} else {
				tool = strings.Replace(tool, from, to, 1)
			}
		}
		b.WriteString(tool)
	}
	b.WriteString("const struct tool tools[] = {\n")
	for i := range tools10 {
		fmt.Fprintf(&b, "	{TEXT(\"t%d\"), TEXT(\"Adds.\"), TEXT(\"{\\\"type\\\":\\\"object\\\"}\"), t%d},\n", i, i)
	}
	b.WriteString("};\nconst size_t tool_count = sizeof tools / sizeof *tools;\n")
	return b.String()
}

// workshop compiles variants.
type workshop struct {
	dir string
	m   *capsule.Manifest
}

var clangFlags = []string{"--target=wasm32", "-ffreestanding", "-Os", "-c"}

func newWorkshop(t testing.TB) *workshop {
	t.Helper()
	testkit.Needs(t, "clang", "wasm-ld")
	w := &workshop{dir: filepath.Join(t.TempDir(), "sums")}
	if err := testkit.CopyExample("hello-c", w.dir); err != nil {
		t.Fatal(err)
	}
	var manifest, tests strings.Builder
	manifest.WriteString("[package]\nname = \"sums\"\nversion = \"0.1.0\"\n[[component]]\nid = \"sums\"\nfile = \"sums.wasm\"\ntype = \"executable\"\n[publish]\n\"tool.v1.execute.*.result\" = { wit = \"opaque\" }\n\"tool.v1.response.describe.*\" = { wit = \"opaque\" }\n\"sums.v1.*\" = { wit = \"opaque\" }\n[subscribe]\n\"tool.v1.request.describe\" = { wit = \"opaque\", handler = \"tool_describe\" }\n")
	for i := range tools10 {
		fmt.Fprintf(&manifest, "\"tool.v1.execute.t%d\" = { wit = \"opaque\", handler = \"tool_execute_t%d\" }\n", i, i)
		for _, args := range []string{"", `text = ""`, `text = "ab"`, `text = "abc"`, `text = "abcd"`} {
			fmt.Fprintf(&tests, "[[test]]\nname = %q\ntool = \"t%d\"\nargs = { %s }\n", fmt.Sprint(i, args), i, args)
			if args == "" {
				tests.WriteString("expect = { error = true }\n")
			}
		}
	}
	testkit.Write(t, filepath.Join(w.dir, "Capsule.toml"), manifest.String())
	testkit.Write(t, filepath.Join(w.dir, "tests", "tools.toml"), tests.String())
	w.run(t, "clang", append(clangFlags, "abi.c", "json.c", "tools.c")...)
	var err error
	if w.m, err = capsule.Load(w.dir); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *workshop) run(t testing.TB, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = w.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// module compiles a source.
func (w *workshop) module(t testing.TB, name, source string) string {
	t.Helper()
	testkit.Write(t, filepath.Join(w.dir, name+".c"), source)
	w.run(t, "clang", append(clangFlags, name+".c")...)
	w.run(t, "wasm-ld", "--no-entry", "-o", name+".module", "abi.o", "json.o", "tools.o", name+".o")
	return filepath.Join(w.dir, name+".module")
}

func (w *workshop) inspect(t testing.TB, path string, before *Before) *Inspection {
	t.Helper()
	i, err := Module(t.Context(), w.m, path, Options{Tests: true, Before: before})
	if err != nil {
		t.Fatal(err)
	}
	if len(i.Calls) != 5*tools10+1 {
		t.Fatalf("%d calls, %v", len(i.Calls), i.Findings)
	}
	return i
}

// drawn is each of ten tools with each of the variants; a plain run draws some of them anew each time.
func drawn(variants []variant, each func(n int, v variant)) (count int) {
	list := rand.Perm(tools10 * len(variants))
	list = list[:testkit.Rounds(8, len(list))]
	for _, i := range list {
		each(i%tools10, variants[i/tools10])
	}
	return len(list)
}

// TestEveryChangeIsFound: sixty changes are found, each in the tool that was changed and in none else.
func TestEveryChangeIsFound(t *testing.T) {
	testkit.Long(t)
	w := newWorkshop(t)
	base := w.module(t, "base", made(-1, variant{}))
	before := &Before{Module: base, Calls: w.inspect(t, base, nil).Calls}
	found := 0
	all := drawn(planted, func(n int, v variant) {
		changed := w.inspect(t, w.module(t, "variant", made(n, v)), before).Changed
		right := len(changed) > 0
		for _, c := range changed {
			right = right && c.Tool == fmt.Sprint("t", n) && c.Line > 0
		}
		if right {
			found++
		} else {
			t.Errorf("%s in t%d: %v", v.name, n, changed)
		}
	})
	if found != all {
		t.Errorf("%d of %d changes are found", found, all)
	}
}

// TestNoAlarm: sixty refactorings change nothing, whether the old module is known or called once more.
func TestNoAlarm(t *testing.T) {
	testkit.Long(t)
	w := newWorkshop(t)
	base := w.module(t, "base", made(-1, variant{}))
	known := &Before{Module: base, Calls: w.inspect(t, base, nil).Calls}
	drawn(refactored, func(n int, v variant) {
		before := known
		if n == 0 {
			before = &Before{Module: base}
		}
		if changed := w.inspect(t, w.module(t, "variant", made(n, v)), before).Changed; len(changed) > 0 {
			t.Errorf("%s in t%d: %v", v.name, n, changed)
		}
	})
}

// What is not known of the module before is asked of it; what it does otherwise is found in that way too.
func TestBeforeIsReplayed(t *testing.T) {
	w := newWorkshop(t)
	base := w.module(t, "base", made(-1, variant{}))
	other := w.module(t, "variant", made(4, planted[0]))
	if changed := w.inspect(t, other, &Before{Module: base}).Changed; len(changed) != 1 || changed[0].What != "error" || changed[0].Message != "error text changed" || changed[0].Tool != "t4" {
		t.Errorf("%v", changed)
	}
	if changed := w.inspect(t, other, &Before{Module: filepath.Join(w.dir, "gone")}).Changed; changed != nil {
		t.Errorf("of a module that is gone: %v", changed)
	}
}

// BenchmarkCalls is a hundred calls of tools of a C component, each in a world and an instance of its own, as at each reload.
func BenchmarkCalls(b *testing.B) {
	w := newWorkshop(b)
	base := w.module(b, "base", made(-1, variant{}))
	known := &Before{Module: base, Calls: w.inspect(b, base, nil).Calls}
	text := strings.Builder{}
	for i := range 2 {
		for n := range tools10 {
			for _, s := range []string{"a", "ab", "abc", "abcd", "abcde"} {
				fmt.Fprintf(&text, "[[test]]\nname = \"%d %d %s\"\ntool = \"t%d\"\nargs = { text = %q }\n", i, n, s, n, fmt.Sprint(s, i))
			}
		}
	}
	testkit.Write(b, filepath.Join(w.dir, "tests", "tools.toml"), text.String())
	var ms int64
	for b.Loop() {
		i, err := Module(b.Context(), w.m, base, Options{Tests: true, Before: known})
		if err != nil || len(i.Calls) != 101 {
			b.Fatal(err, len(i.Calls))
		}
		ms += i.Tests.Millis
	}
	b.ReportMetric(float64(ms)/float64(b.N), "ms/100calls")
}

// A test runs again only when its module, what it calls, or what it expects is another one; one that failed always does.
func TestOnlyWhatChangedRunsAgain(t *testing.T) {
	testkit.Long(t)
	w := newWorkshop(t)
	base := w.module(t, "base", made(-1, variant{}))
	run := func(hash string, earlier *tests.Earlier) *tests.Earlier {
		i, err := Module(t.Context(), w.m, base, Options{Tests: true, Hash: hash, Earlier: earlier})
		if err != nil || len(i.Calls) != 5*tools10+1 {
			t.Fatal(err, len(i.Calls))
		}
		return &tests.Earlier{Summary: i.Tests, Calls: i.Calls}
	}
	same := func(e *tests.Earlier) (n int) {
		for _, r := range e.Summary.Ran {
			if r.Same {
				n++
			}
		}
		return n
	}
	first := run("a", nil)
	if n := same(first); n != 0 {
		t.Errorf("%d are the same as in no run", n)
	}
	if n := same(run("a", first)); n != 50 {
		t.Errorf("%d of 50 are taken from the run before", n)
	}
	if n := same(run("b", first)); n != 0 {
		t.Errorf("%d are taken from the run of another module", n)
	}
	file := filepath.Join(w.dir, "tests", "tools.toml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte(`args = { text = "ab" }`), []byte(`args = { text = "ba" }`), 1)
	text = bytes.Replace(text, []byte("expect = { error = true }"), []byte("expect = { error = \"another\" }"), 1)
	testkit.Write(t, file, string(text))
	second := run("a", first)
	if n := same(second); n != 48 || second.Summary.Passed() != 49 {
		t.Errorf("%d of 48 are taken, %d passed", n, second.Summary.Passed())
	}
	if n := same(run("a", second)); n != 49 {
		t.Errorf("%d of 49 are taken when one fails", n)
	}
}
