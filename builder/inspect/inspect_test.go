package inspect

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/wasm/engine"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// manifest is a capsule's, with the rest of it below.
func manifest(t testing.TB, rest string) *capsule.Manifest {
	t.Helper()
	dir := t.TempDir()
	text := "[package]\nname = \"a\"\nversion = \"0.1.0\"\n[[component]]\nid = \"a\"\nfile = \"a.wasm\"\n" + rest
	if err := os.WriteFile(filepath.Join(dir, "Capsule.toml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	m, err := capsule.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// module writes a module for m, and is its path.
func module(t testing.TB, m *capsule.Manifest, data []byte) string {
	t.Helper()
	path := filepath.Join(m.Dir, "a.wasm")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func inspected(t testing.TB, m *capsule.Manifest, path string, o Options) *Inspection {
	t.Helper()
	i, err := Module(t.Context(), m, path, o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// lines are findings as "line code".
func lines(list []finding.Finding) (all []string) {
	for _, f := range list {
		if f.Severity != finding.Warning || f.File != "Capsule.toml" || f.Hint == "" {
			all = append(all, fmt.Sprintf("not a warning with a hint in Capsule.toml: %+v", f))
		}
		all = append(all, fmt.Sprintf("%d %s", f.Line, f.Code))
	}
	return all
}

const (
	tool     = `{"name":"greet","description":"Greets.","input_schema":{"type":"object"}}`
	publish  = "[publish]\n\"tool.v1.execute.*.result\" = \"opaque\"\n\"tool.v1.response.describe.*\" = \"opaque\"\n[subscribe]\n" // lines 7 to 10
	routed   = "\"tool.v1.execute.greet\" = { wit = \"opaque\", handler = \"tool_execute_greet\" }\n"
	describe = "\"tool.v1.request.describe\" = { wit = \"opaque\", handler = \"tool_describe\" }\n"
)

// The rules of the runtime's own check, and what else keeps a tool from being of use: each with
// its line, and none where nothing is wrong.
func TestWiring(t *testing.T) {
	testkit.Long(t)
	for _, c := range []struct {
		name, manifest, tools string
		want                  []string
	}{
		{"sound", publish + routed + describe, tool, nil},
		{"no tools at all", publish, ``, nil},
		{"no tools and no topics", "", ``, nil},
		{"unrouted", publish + describe, tool, []string{"10 unrouted-tool"}},
		{"unrouted without a table", "[publish]\n\"tool.v1.*\" = \"opaque\"\n", tool, []string{"1 unrouted-tool"}},
		{"routed to no handler", publish + "\"tool.v1.execute.greet\" = \"opaque\"\n", tool, []string{"10 unrouted-tool"}},
		{"routed by a pattern", publish + "\"tool.v1.execute.*\" = { wit = \"opaque\", handler = \"any\" }\n", tool, nil},
		{"dangling", publish + routed + "\"tool.v1.execute.greed\" = { wit = \"opaque\", handler = \"tool_execute_greed\" }\n", tool, []string{"12 dangling-subscription"}},
		{"all dangling", publish + routed, ``, []string{"11 dangling-subscription"}},
		{"another handler", publish + "\"tool.v1.execute.greet\" = { wit = \"opaque\", handler = \"greet\" }\n", tool, []string{"11 handler-mismatch"}},
		{"a listener of results", publish + routed + "\"tool.v1.execute.greet.result\" = { wit = \"opaque\", handler = \"heard\" }\n", tool, nil},
		{"may not publish results", "[publish]\n\"tool.v1.response.describe.*\" = \"opaque\"\n[subscribe]\n" + routed, tool, []string{"10 missing-publish"}},
		{"may not publish what it describes", "[publish]\n\"tool.v1.execute.*.result\" = \"opaque\"\n[subscribe]\n" + routed, tool, []string{"7 missing-publish"}},
		{"may publish by wider patterns", "[publish]\n\"tool.v1.*\" = \"opaque\"\n[subscribe]\n" + routed, tool, nil},
		{"described twice", publish + routed, tool + "," + tool, []string{"11 tool-twice"}},
		{"no description", publish + routed, `{"name":"greet","description":" ","input_schema":{"type":"object"}}`, []string{"11 tool-undescribed"}},
		{"no schema", publish + routed, `{"name":"greet","description":"Greets."}`, nil},
		{"no JSON Schema", publish + routed, `{"name":"greet","description":"Greets.","input_schema":{"type":"objet"}}`, []string{"11 tool-schema"}},
		{"a schema of text", publish + routed, `{"name":"greet","description":"Greets.","input_schema":{"type":"string"}}`, []string{"11 tool-schema"}},
		{"a schema that loads another", publish + routed, `{"name":"greet","description":"Greets.","input_schema":{"$ref":"file:///etc/passwd"}}`, []string{"11 tool-schema"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := manifest(t, c.manifest)
			i := inspected(t, m, module(t, m, testkit.Teller(t, `{"tools":[`+c.tools+`]}`)), Options{})
			if diff := cmp.Diff(c.want, lines(i.Findings)); diff != "" {
				t.Errorf("%s%v", diff, i.Findings)
			}
			if i.Tests != nil {
				t.Error("tests ran")
			}
		})
	}
}

// A module that traps, runs without end or answers nonsense when it is asked is warned of; no
// error comes of it, and its tests fail.
func TestSilentModules(t *testing.T) {
	testkit.Long(t)
	loop := []byte{0x03, 0x40, 0x0c, 0, 0x0b}
	core := testkit.Core()
	for _, c := range []struct {
		name   string
		module []byte
		said   string
	}{
		{"traps", testkit.Teller(t, "{}", 0x00), "it trapped: unreachable"},
		{"runs without end", testkit.Teller(t, "{}", loop...), "it was not done after 300ms"},
		{"answers no JSON", testkit.Teller(t, "tools"), "no JSON of tools"},
		{"a core module", core, "it is a core module"},
		{"no module", []byte("this is none"), "it is not valid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := manifest(t, publish+routed+"[package.metadata.astrid-dev]\nsmoke = { timeout = \"300ms\" }\n")
			testFile(t, m, "[[test]]\nname = \"b\"\ntool = \"greet\"\n")
			i := inspected(t, m, module(t, m, c.module), Options{Tests: true})
			if len(i.Findings) != 1 || i.Findings[0].Code != finding.ToolDescribeFailed || i.Findings[0].Severity != finding.Warning || !strings.Contains(i.Findings[0].Message, c.said) {
				t.Errorf("%v", i.Findings)
			}
			if len(i.Tests.Ran) != 1 || len(i.Tests.Ran[0].Missed) != 1 {
				t.Errorf("%+v", i.Tests)
			}
		})
	}
}

// Without tests a module that runs without end costs two seconds of a processor, and no more.
func TestEndlessDescribe(t *testing.T) {
	testkit.Long(t)
	m := manifest(t, "")
	i := inspected(t, m, module(t, m, testkit.Teller(t, "{}", 0x03, 0x40, 0x0c, 0, 0x0b)), Options{})
	if len(i.Findings) != 1 || !strings.Contains(i.Findings[0].Message, "it was not done after "+describeWall.String()) {
		t.Errorf("%v", i.Findings)
	}
}

func TestCancelled(t *testing.T) {
	m := manifest(t, "")
	path := module(t, m, testkit.Teller(t, "{}"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Module(ctx, m, path, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("the error is %v", err)
	}
}

// A tool of a language without an SDK is tested as well: it answers as the handler's data.
func TestTestsOfAnyLanguage(t *testing.T) {
	m := manifest(t, publish+routed)
	testFile(t, m, "[[test]]\nname = \"a\"\ntool = \"greet\"\nexpect.result = \"hi\"\n[[test]]\nname = \"b\"\ntopic = \"tool.v1.execute.greet\"\nexpect.json.result.content = \"\\\"hi\\\"\"\n[[test]]\nname = \"c\"\ntool = \"other\"\n")
	i := inspected(t, m, module(t, m, testkit.Teller(t, `{"tools":[`+tool+`],"result":{"content":"\"hi\"","is_error":false}}`)), Options{Tests: true})
	if i.Tests.Passed() != 2 || len(i.Tests.Ran) != 3 || !strings.Contains(i.Tests.Ran[2].Missed[0].Message, `describes no tool "other"`) {
		t.Errorf("%+v", i.Tests)
	}
}

func testFile(t testing.TB, m *capsule.Manifest, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(m.Dir, "tests"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(m.Dir, "tests", "a.toml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A trap of a module that was made elsewhere says how its line may be had; one of a module of our own does not.
func TestATrapElsewhereSaysHowToHaveItsLine(t *testing.T) {
	m := manifest(t, "")
	path := module(t, m, testkit.Teller(t, "{}", 0x00))
	for _, elsewhere := range []bool{false, true} {
		g, _, err := guest.Start(t.Context(), path, guest.Options{Lines: engine.Lines{Elsewhere: elsewhere}})
		testkit.Check(t, err)
		o, err := g.Call(t.Context(), "tool_describe", []byte("{}"), nil)
		g.Close()
		testkit.Check(t, err)
		if o.Trap == nil || strings.Contains(o.Trap.Unplaced, "build with --alone") != elsewhere {
			t.Errorf("elsewhere %v: %+v", elsewhere, o.Trap)
		}
	}
}
