package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/astrid-runtime/astrid-dev/cmd/astrid-dev/internal/script"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

const top = "../.."

// documents are those that a user reads, from the top of the project.
func documents(t *testing.T) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(top, "docs", "*.md"))
	if err != nil || len(list) < 5 {
		t.Fatalf("no documents: %v", err)
	}
	return append(list, filepath.Join(top, "README.md"))
}

func readText(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.+)$`)
	noSlug  = regexp.MustCompile("[^a-z0-9 _-]")
)

// Every link to a file of the project, and to a heading in one, leads somewhere; and every
// document can be reached from the README.
func TestLinksOfTheDocuments(t *testing.T) {
	linked := map[string]bool{filepath.Join(top, "README.md"): true}
	for _, file := range append(documents(t), filepath.Join(top, "DESIGN.md"), filepath.Join(top, "CONTRIBUTING.md")) {
		for _, m := range link.FindAllStringSubmatch(readText(t, file), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			path, anchor, _ := strings.Cut(m[1], "#")
			target := file
			if path != "" {
				target = filepath.Join(filepath.Dir(file), path)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s leads nowhere", file, m[1])
				continue
			}
			linked[target] = true
			if anchor != "" && !slices.Contains(anchors(readText(t, target)), anchor) {
				t.Errorf("%s: %s has no heading #%s", file, target, anchor)
			}
		}
	}
	for _, file := range documents(t) {
		if !linked[file] {
			t.Errorf("nothing leads to %s", file)
		}
	}
}

// anchors are those of a document's headings, as GitHub makes them.
func anchors(text string) (list []string) {
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		list = append(list, strings.ReplaceAll(noSlug.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return list
}

var (
	ownLine  = regexp.MustCompile("(?m)(?:^    (?:\\$ )?|`)astrid-dev ([^`\n]*)")
	flagName = regexp.MustCompile("(?:^|[ `|(])--([a-z][a-z0-9-]*)")
	word     = regexp.MustCompile(`^[a-z-]+`)
)

// foreign are flags of other programs that the documents name.
var foreign = []string{"global", "locked", "approve-untrusted", "num-threads", "release", "target", "outFile", "privileged", "headless", "add"}

// Every command and every flag that the documents name is there.
func TestDocumentsNameWhatIsThere(t *testing.T) {
	root := newRoot()
	flags := map[string]bool{"help": true, "version": true}
	each(root, func(c *cobra.Command) {
		for _, set := range []*pflag.FlagSet{c.Flags(), c.PersistentFlags()} {
			set.VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
		}
	})
	for _, file := range documents(t) {
		text := readText(t, file)
		for _, m := range ownLine.FindAllStringSubmatch(text, -1) {
			name := word.FindString(m[1])
			if name == "" || strings.HasPrefix(name, "-") {
				continue
			}
			if c, _, err := root.Find([]string{name}); err != nil || c == root {
				t.Errorf("%s: there is no command %q", file, m[0])
			}
		}
		for _, m := range flagName.FindAllStringSubmatch(text, -1) {
			if !flags[m[1]] && !slices.Contains(foreign, m[1]) {
				t.Errorf("%s: there is no flag --%s", file, m[1])
			}
		}
	}
}

func each(c *cobra.Command, do func(*cobra.Command)) {
	do(c)
	for _, sub := range c.Commands() {
		each(sub, do)
	}
}

// before is what the commands of a document find, in a workspace of their own.
var before = map[string]string{
	"agents.md": "capsule greeter\nstart b watch\nevent b idle\n",
	"verify-and-ci.md": `capsule greeter
exec astrid-dev build greeter
cp greeter/cap.wasm greeter.wasm
mkdir out
exec astrid-dev verify --shard 1/2 --report json=out/1.json
exec astrid-dev verify --shard 2/2 --report json=out/2.json
exec astrid-dev key ci.key
exec astrid-dev verify --attest out/capsules.intoto.jsonl --attest-key ci.key
`,
}

// together are the documents whose commands need capsules that are built with the SDK, which takes
// seconds of a processor each: they share one workspace, in this order. With each goes what else its
// commands find.
var together = []struct{ name, before string }{
	{"README.md", ""},
	{"getting-started.md", "rm greeter\n"},
	{"commands.md", ""},
	{"tests.md", "cd greeter\n"},
	{"host.md", "mkdir examples\nexample hello-sdk examples/hello-sdk\nexec astrid-dev build examples/hello-sdk\n"},
	{"runtime.md", "exec ln -s examples/hello-sdk hello-sdk\n"},
}

// compiler is what building with the SDK needs.
const compiler = `[!tool:rust-wasm] skip 'no cargo with wasm32-unknown-unknown'
[!tool:astrid-sdk] skip 'the crates of the Astrid SDK are not here; make toolchains fetches them'
[!tool:astrid-daemon] skip 'no astrid-daemon: .ci/astrid installs it'
rust
warm hello-sdk
env CARGO_NET_OFFLINE=true
`

// Every command that a document shows with a dollar sign is run, in their order, and ends as it
// should; a line of answer without a number in it is there.
func TestDocumentsShowWhatWorks(t *testing.T) {
	shown := map[string]string{}
	for _, file := range documents(t) {
		shown[filepath.Base(file)] = shownIn(readText(t, file))
	}
	whole := compiler
	for _, d := range together {
		if shown[d.name] == "" {
			t.Errorf("%s shows no command any more", d.name)
		}
		whole += "\n# " + d.name + "\ncd $WORK\n" + d.before + shown[d.name]
		delete(shown, d.name)
	}
	t.Run("sdk", func(t *testing.T) {
		testkit.Long(t)
		script.RunText(t, whole)
	})
	for name, lines := range shown {
		if lines != "" {
			t.Run(name, func(t *testing.T) { script.RunText(t, before[name]+lines) })
		}
	}
}

// shownIn is the script of what a document shows.
func shownIn(text string) string {
	var out strings.Builder
	watching, calls := false, false
	for _, line := range strings.Split(text, "\n") {
		command, is := strings.CutPrefix(line, "    $ ")
		switch {
		case is:
			command, _, _ = strings.Cut(command, " #")
			calls = strings.HasPrefix(command, "astrid-dev call")
			if rest, is := strings.CutPrefix(command, "astrid-dev watch"); is {
				if watching {
					out.WriteString("end w\n")
				}
				watching = true
				out.WriteString("start w watch" + rest + "\nevent w idle\n")
				continue
			}
			command = strings.TrimSpace(command)
			if strings.Contains(command, "*") {
				command = "sh -c '" + command + "'"
			}
			out.WriteString("exec " + command + "\n")
		case strings.HasPrefix(line, "    ") && calls && !strings.ContainsAny(line, "0123456789"):
			out.WriteString("stdout '^" + regexp.QuoteMeta(strings.TrimSpace(line)) + "$'\n")
		default:
			calls = calls && strings.HasPrefix(line, "    ")
		}
	}
	if watching {
		out.WriteString("end w\n")
	}
	return out.String()
}
