package daemon

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/astrid"
	"github.com/astrid-runtime/astrid-dev/builder/check"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// judging is the release that the tests' daemon has.
const judging = "2026.10.1"

// asked installs the folder dir as it is, and says whether the runtime runs the capsule.
func asked(t *testing.T, d *Daemon, name, dir string) *Answer {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		d.begin()
		answer, err := d.now.install(t.Context(), Parcel{Name: name, Folder: dir})
		if errors.Is(err, ErrLimited) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
}

// ours is what stands between a capsule and a release of the runtime, by our own judgement.
func ours(t *testing.T, dir, version string) string {
	t.Helper()
	release, err := astrid.Find(version)
	if err != nil {
		t.Fatal(err)
	}
	results, err := check.CheckAll(t.Context(), []string{dir}, check.Options{Runtime: []*astrid.Release{release}})
	if err != nil {
		t.Fatal(err)
	}
	list := results[0].Findings
	report, err := smoke.LoadFile(t.Context(), filepath.Join(dir, "m.wasm"), smoke.Options{Runtime: version})
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, f := range append(append(list, report.Findings...), report.KernelFindings...) {
		if f.Severity == finding.Error {
			said += f.String() + "\n"
		}
	}
	return said
}

// folder is a capsule with the module of smoke's table.
func folder(t *testing.T, manifest, module string) string {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(kernel + module)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"Capsule.toml": manifest, "m.wasm": string(data)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// Every module about which the runtime was asked once, asked again: the recorded answers are
// true, and ours are the same.
func TestAgreementOnModules(t *testing.T) {
	testkit.Long(t)
	d := begun(t)
	table, err := os.ReadFile(kernel + "runtime-" + judging + ".tsv")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		row := strings.Split(strings.TrimRight(line, "\n"), "\t")
		t.Run(row[0], func(t *testing.T) {
			dir := folder(t, "[package]\nname = \"m\"\nversion = \"1.0.0\"\n\n[[component]]\nid = \"m\"\nfile = \"m.wasm\"\n", row[0])
			answer := asked(t, d, "m", dir)
			if answer.Loaded != (row[1] == "0") || !answer.Loaded && !strings.Contains(strings.ReplaceAll(answer.Findings[0].Message, "'m'", "it"), row[2]) {
				t.Errorf("recorded: %s %s; answered: %+v", row[1], row[2], answer)
			}
			if said := ours(t, dir, judging); answer.Loaded != (said == "") {
				t.Errorf("the runtime loads it: %v; ours:\n%s", answer.Loaded, said)
			}
		})
	}
}

// manifests are faults, and what looks like one. %s are the lines of [package] besides name
// and version, and what follows the component.
var manifests = []struct {
	what     string
	name     string // "" is m
	version  string // "" is 1.0.0
	pkg, end string
	whole    string // instead of all that
}{
	{what: "sound"},
	{what: "version of two numbers", version: "1.0"},
	{what: "version with a letter", version: "v1.0.0"},
	{what: "version of a prerelease", version: "1.0.0-rc.1"},
	{what: "name in capitals", name: "Upper"},
	{what: "name with an underscore", name: "under_score"},
	{what: "name that begins with a dash", name: "-dash"},
	{what: "name that begins with a digit", name: "9lives"},
	{what: "name of 128 letters", name: strings.Repeat("a", 128)},
	{what: "name of 129 letters", name: strings.Repeat("a", 129)},
	{what: "no version", whole: "[package]\nname = \"m\"\n\n[[component]]\nid = \"m\"\nfile = \"m.wasm\"\n"},
	{what: "no package", whole: "[[component]]\nid = \"m\"\nfile = \"m.wasm\"\n"},
	{what: "no TOML", whole: "[package\nname = \"m\"\n"},
	{what: "an astrid-version before the calendar", pkg: `astrid-version = "^0.7"`},
	{what: "an astrid-version without an end", pkg: `astrid-version = ">=0.7.0"`},
	{what: "an astrid-version that is none", pkg: `astrid-version = "soon"`},
	{what: "authors as a text", pkg: `authors = "me"`},
	{what: "a key that nobody knows", pkg: `colour = "blue"`},
	{what: "a table that nobody knows", end: "[dependencies]\nx = \"1\""},
	{what: "an empty segment in publish", end: "[publish]\n\"a..b\" = \"opaque\""},
	{what: "an empty segment in subscribe", end: "[subscribe]\n\"a.\" = \"opaque\""},
	{what: "two pins", end: "[publish]\n\"a.b\" = { wit = \"opaque\", tag = \"1\", rev = \"2\" }"},
	{what: "a priority without a handler", end: "[subscribe]\n\"a.b\" = { wit = \"opaque\", priority = 3 }"},
	{what: "a priority below zero", end: "[subscribe]\n\"a.b\" = { wit = \"opaque\", handler = \"h\", priority = -1 }"},
	{what: "a priority of more than 32 bits", end: "[subscribe]\n\"a.b\" = { wit = \"opaque\", handler = \"h\", priority = 4294967296 }"},
	{what: "a topic without wit", end: "[publish]\n\"a.b\" = { tag = \"1\" }"},
	{what: "publish as a text", pkg: `publish = "yes"`},
	{what: "a handler", end: "[subscribe]\n\"a.b\" = { wit = \"opaque\", handler = \"h\" }"},
	{what: "fanout on the wrong side", end: "[subscribe]\n\"a.b\" = { wit = \"opaque\", fanout = true }"},
	{what: "a reserved command", end: "[[command]]\nname = \"install\"\nkind = \"cli\""},
	{what: "a command with a blank", end: "[[command]]\nname = \"two words\"\nkind = \"cli\""},
	{what: "a slash command with a blank", end: "[[command]]\nname = \"two words\""},
	{what: "a kind of command that is none", end: "[[command]]\nname = \"c\"\nkind = \"other\""},
	{what: "a namespace in capitals", end: "[imports.Foo]\nbar = \"1\""},
	{what: "an import's requirement that is none", end: "[imports.foo]\nbar = \"soon\""},
	{what: "an import that nobody offers", end: "[imports.foo]\nbar = \"^1\""},
	{what: "an export's version that is a requirement", end: "[exports.foo]\nbar = \"^1\""},
	{what: "an export", end: "[exports.foo]\nbar = \"1.0.0\""},
	{what: "an uplink with imports", end: "[capabilities]\nuplink = true\n\n[imports.foo]\nbar = \"^1\""},
	{what: "an uplink's profile that is none", end: "[[uplink]]\nname = \"u\"\nplatform = \"p\"\nprofile = \"loud\""},
	{what: "a variable without a type", end: "[env.X]\nrequest = \"x?\""},
	{what: "a variable of a type that nobody knows", end: "[env.X]\ntype = \"colour\"\ndefault = \"blue\""},
	{what: "a component without a file", whole: "[package]\nname = \"m\"\nversion = \"1.0.0\"\n\n[[component]]\nid = \"m\"\n"},
	{what: "a component with file and entrypoint", end: "entrypoint = \"m.wasm\""},
	{what: "a second component", end: "[[component]]\nid = \"n\"\nfile = \"n.wasm\""},
	{what: "a tool without a description", end: "[[tool]]\nname = \"t\""},
	{what: "a capability of the wrong type", end: "[capabilities]\nkv = \"all\""},
	{what: "workers as a text", end: "[capabilities]\nbind_workers = \"two\""},
	{what: "an uplink switch as a text", end: "[capabilities]\nuplink = \"yes\""},
	{what: "a hash that is none", end: "hash = \"short\""},
	{what: "a link to nothing", end: "link = [\"x\"]"},
	{what: "a command's file that is missing", end: "[[command]]\nname = \"c\"\nfile = \"c.md\""},
	{what: "workers below zero", end: "[capabilities]\nbind_workers = -1"},
	{what: "a server without an id", end: "[[mcp_server]]\ncommand = \"x\""},
	{what: "a context file that is missing", end: "[[context_file]]\nname = \"c\"\nfile = \"c.md\""},
}

// row is one of manifests, as a file.
type row struct{ what, name, text string }

func rows() (list []row) {
	for _, m := range manifests {
		name, version := cmp.Or(m.name, "m"), cmp.Or(m.version, "1.0.0")
		text := fmt.Sprintf("[package]\nname = %q\nversion = %q\n%s\n\n[[component]]\nid = \"m\"\nfile = \"m.wasm\"\n%s\n", name, version, m.pkg, m.end)
		list = append(list, row{m.what, name, cmp.Or(m.whole, text)})
	}
	return list
}

func TestAgreementOnManifests(t *testing.T) {
	testkit.Long(t)
	d := begun(t)
	answered := column{}
	for _, r := range rows() {
		t.Run(strings.ReplaceAll(r.what, " ", "_"), func(t *testing.T) {
			dir := folder(t, r.text, "good.wasm")
			said, answer := ours(t, dir, judging), asked(t, d, r.name, dir)
			if answered[r.what] = answer.Loaded; answer.Loaded != (said == "") {
				t.Errorf("the runtime loads it: %v %v; ours:\n%s", answer.Loaded, answer.Findings, said)
			}
		})
	}
	if *update {
		record(t, judging, answered)
	}
	if recorded := table(t)[judging]; !maps.Equal(recorded, answered) {
		t.Errorf("%s says %v; answered: %v", tableFile, recorded, answered)
	}
}

// Where the two differ on purpose; DESIGN.md names the reasons.
func TestDisagreement(t *testing.T) {
	d := begun(t)
	head := "[package]\nname = \"m\"\nversion = \"1.0.0\"\n\n[[component]]\nid = \"m\"\n"
	for what, manifest := range map[string]string{
		"an uplink that no operator lists":  head + "file = \"m.wasm\"\n\n[[uplink]]\nname = \"u\"\nplatform = \"p\"\nprofile = \"chat\"\n",
		"a file with a dot, in a directory": head + "file = \"./m.wasm\"\n",
	} {
		dir := folder(t, manifest, "good.wasm")
		if said, answer := ours(t, dir, judging), asked(t, d, "m", dir); said != "" || answer.Loaded {
			t.Errorf("%s: the runtime loads it: %v; ours: %q", what, answer.Loaded, said)
		}
	}
}
