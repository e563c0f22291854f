package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the picture of the house into DESIGN.md")

// everybodys are the rooms that stand at the bottom and are used from everywhere.
var everybodys = []string{"builder/finding", "builder/text", "builder/usage", "watcher/fsys"}

// The picture in DESIGN.md is printed from the table that holds the imports, and from the
// first sentence of each room's doc.
func TestHouseIsThePictureInDesign(t *testing.T) {
	path := filepath.Join("..", "..", "DESIGN.md")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const from, to = "<!-- house -->\n", "<!-- /house -->"
	before, rest, found := strings.Cut(string(data), from)
	_, after, ended := strings.Cut(rest, to)
	if !found || !ended {
		t.Fatalf("DESIGN.md has no %s and %s", from, to)
	}
	want := before + from + picture(t) + to + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want != string(data) {
		t.Error("the picture in DESIGN.md is not the house's: run go test ./cmd/astrid-dev -run House -update")
	}
}

// picture is one table, the top floor first. A room lies one floor above the highest room
// that it uses.
func picture(t *testing.T) string {
	t.Helper()
	all := rooms()
	floors := map[string]int{}
	for room := range all {
		floors[room] = floor(room, all)
	}
	list := slices.SortedFunc(func(yield func(string) bool) {
		for room := range all {
			if !yield(room) {
				return
			}
		}
	}, func(a, b string) int {
		if floors[a] != floors[b] {
			return floors[b] - floors[a]
		}
		return strings.Compare(a, b)
	})
	says := synopses(t)
	var b strings.Builder
	b.WriteString("| floor | room | what it is | uses |\n|--:|---|---|---|\n")
	for _, room := range list {
		uses := "every room but `builder/proc`"
		if room != "cmd/astrid-dev" {
			uses = shown(all[room])
		}
		fmt.Fprintf(&b, "| %d | `%s` | %s | %s |\n", floors[room], room, says[room], uses)
	}
	return b.String()
}

func floor(room string, all map[string][]string) int {
	top := -1
	for _, other := range all[room] {
		top = max(top, floor(other, all))
	}
	return top + 1
}

func shown(uses []string) string {
	var list []string
	for _, other := range uses {
		if !slices.Contains(everybodys, other) {
			list = append(list, "`"+other+"`")
		}
	}
	return strings.Join(list, ", ")
}

// synopses are the first sentences of the rooms' docs without the name before them, and
// without what follows a colon.
func synopses(t *testing.T) map[string]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-f", "{{.ImportPath}}\t{{.Name}}\t{{.Doc}}", module+"...").Output()
	if err != nil {
		t.Fatal(err)
	}
	says := map[string]string{}
	for line := range strings.Lines(string(out)) {
		parts := strings.SplitN(strings.TrimSpace(line), "\t", 3)
		doc, _, _ := strings.Cut(parts[2], ": ")
		doc = strings.TrimPrefix(strings.TrimPrefix(doc, "Package "+parts[1]+" "), "Command astrid-dev ")
		says[strings.TrimPrefix(parts[0], module)] = strings.ReplaceAll(strings.TrimSuffix(doc, "."), "|", `\|`)
	}
	return says
}
