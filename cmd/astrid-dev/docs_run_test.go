package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mattn/go-shellwords"
	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// notRun are the commands in blocks and in lines of the documents that no test runs as they stand, and
// why. A reason that begins with "script " names the one in testdata/script that does what the command does.
var notRun = map[string]string{
	"make demo":       "script watch/go",
	"make test":       "runs this test",
	"make check":      "a step of .ci/run",
	"make bench fuzz": "takes an hour, and judges nothing",
	"make toolchains": "a step of .ci/run",
	"make reader":     "a step of .ci/run",
	"go install github.com/astrid-runtime/astrid-dev/cmd/astrid-dev@latest":                            "needs a network, and a release",
	"cargo install astrid --locked":                                                                    "needs a network; .ci/astrid does it, with the versions that it pins",
	"cargo install astrid@0.10.4 --locked":                                                             "needs a network, and half an hour",
	"go test ./builder/daemon -run TheTableOfManifests -older FOLDER -update":                          "wants a runtime that CI does not install",
	"rustup target add wasm32-unknown-unknown":                                                         "needs a network",
	"astrid-dev smoke greeter --isolated":                                                              "runtime.md shows it of another capsule, where it is run",
	"astrid-dev watch greeter --isolated":                                                              "runtime.md shows it, where it is run",
	"astrid-dev verify --cache grpcs://cache.example.org:443/main --cache-header authorization=@token": "needs a server with a certificate; script verify/cache has one of its own",
	"astrid-dev verify --cache grpcs://cache.example.org/main --execute --jobs 50 \\":                  "needs a server and machines that run commands",
	"cargo metadata": "is what no build asks",
	"cargo tree":     "says what a tool tells by itself",
	`git config --global --add safe.directory "$PWD"`: "changes the user's settings",
	"sysctl fs.inotify.max_user_watches":              "asks the host",
	"ssh -L 8080:127.0.0.1:8080 MACHINE":              "needs another machine",
}

var (
	programs = `(?:astrid-dev|apt|apt-get|bash|brew|cargo|curl|docker|git|go|make|node|npm|npx|pip|podman|rustup|sh|ssh|strace|sudo|sysctl|tmux)`
	block    = regexp.MustCompile(`^    (` + programs + ` .*)$`)
	inline   = regexp.MustCompile("`(" + programs + " [^`]+)`")
	figures  = regexp.MustCompile(`^(?:go|make) `) // how figures are taken, and what tools do by themselves
	column   = regexp.MustCompile(`   +| +#.*`)    // after a command: what it does
)

// Every command in a block of a document begins with a dollar sign, by which it is run
// (TestDocumentsShowWhatWorks), or stands in notRun with a reason; one of another program within a
// sentence too. (Ours in a sentence: TestCommandsInSentences.)
func TestEveryCommandIsRunOrSaysWhyNot(t *testing.T) {
	found := map[string]bool{}
	check := func(file, command string) {
		command = strings.TrimSpace(command)
		found[command] = true
		if notRun[command] == "" {
			t.Errorf("%s: nothing runs %q: begin its line with $, or give notRun its reason", file, command)
		}
	}
	for _, file := range append(documents(t), filepath.Join(top, "CONTRIBUTING.md")) {
		text := readText(t, file)
		for _, line := range blocks(text) {
			if m := block.FindStringSubmatch(line); m != nil {
				command := column.Split(m[1], 2)[0]
				check(file, command)
			}
		}
		for _, m := range inline.FindAllStringSubmatch(text, -1) {
			if !strings.HasPrefix(m[1], "astrid-dev ") && !figures.MatchString(m[1]) && !strings.HasSuffix(file, "CONTRIBUTING.md") {
				check(file, m[1])
			}
		}
	}
	for command, reason := range notRun {
		if !found[command] {
			t.Errorf("no document shows %q any more", command)
		}
		if name, is := strings.CutPrefix(reason, "script "); is {
			if _, err := os.Stat(filepath.Join("testdata", "script", name+".txtar")); err != nil {
				t.Errorf("%q: %v", command, err)
			}
		}
	}
}

// blocks are the lines of a document's code: four spaces after an empty line or another such line,
// but for what goes on in an item of a list.
func blocks(text string) (lines []string) {
	in := false
	for line := range strings.SplitSeq(text, "\n") {
		switch code := strings.HasPrefix(line, "    "); {
		case line == "":
			in = true
		case code && in:
			lines = append(lines, line)
		default:
			in = false
		}
	}
	return lines
}

var ours = regexp.MustCompile("[`\"](astrid-dev [a-z][^`\"]*)[`\"]")

// A command of ours within a sentence, or in a file for an editor, is there, and has the flags it is shown with.
func TestCommandsInSentences(t *testing.T) {
	root := newRoot()
	n := 0
	for _, file := range append(documents(t), filepath.Join(top, "CONTRIBUTING.md")) {
		for _, m := range ours.FindAllStringSubmatch(readText(t, file), -1) {
			n++
			if fault := misfit(root, m[1]); fault != "" {
				t.Errorf("%s: %s: %s", file, m[1], fault)
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d commands were found", n)
	}
	for line, fault := range map[string]string{"astrid-dev wach": "no such command", "astrid-dev wait --hock": "it has no flag --hock", "astrid-dev wait --hook -- a --b": ""} {
		if got := misfit(root, line); got != fault {
			t.Errorf("%s: %q", line, got)
		}
	}
}

// misfit says what keeps line from being a call of ours.
func misfit(root *cobra.Command, line string) string {
	words, err := shellwords.Parse(strings.NewReplacer("[", "", "]", "", "...", "", "|", " ").Replace(line))
	if err != nil {
		return err.Error()
	}
	words = words[1:]
	c, _, err := root.Find(words[:1])
	if err != nil || c == root {
		return "no such command"
	}
	if len(words) > 1 {
		if sub, _, err := c.Find(words[1:2]); err == nil {
			c = sub
		}
	}
	end := slices.Index(words, "--")
	if end < 0 {
		end = len(words)
	}
	for _, w := range words[:end] {
		name, is := strings.CutPrefix(w, "--")
		name, _, _ = strings.Cut(name, "=")
		if is && name != "help" && c.Flags().Lookup(name) == nil && c.InheritedFlags().Lookup(name) == nil {
			return "it has no flag --" + name
		}
	}
	return ""
}

// Each test that the table of cases in CONTRIBUTING.md names is there: scripts, files and functions.
func TestCasesNameTheirTests(t *testing.T) {
	_, table, _ := strings.Cut(readText(t, filepath.Join(top, "CONTRIBUTING.md")), "## Cases")
	functions := map[string]bool{}
	testkit.Check(t, filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range function.FindAllStringSubmatch(readText(t, path), -1) {
			functions[m[1]] = true
		}
		return nil
	}))
	rows := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 || strings.HasPrefix(cells[1], "--") || strings.TrimSpace(cells[2]) == "test" {
			continue
		}
		rows++
		names := quoted.FindAllStringSubmatch(cells[2], -1)
		if len(names) == 0 {
			t.Errorf("no test: %s", line)
		}
		for _, m := range names {
			file := filepath.Join(top, m[1])
			if !strings.HasSuffix(m[1], ".go") {
				file = filepath.Join("testdata", "script", m[1]+".txtar")
			}
			if _, err := os.Stat(file); err != nil && !functions[m[1]] {
				t.Errorf("%s is no test: %s", m[1], line)
			}
		}
	}
	if rows < 30 {
		t.Errorf("only %d cases were found", rows)
	}
}

var (
	function = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	quoted   = regexp.MustCompile("`([^`]+)`")
)
