package tomldoc

import (
	"fmt"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

var tomlSeeds = []string{
	"", "a = 1", "# only a comment", "a.b.c = 'x'\na.b.d = [1, [2, {e = 3}]]\n", "[a]\nb = 1\n[a.c]\nd = 2\n",
	"[[a]]\nb = 1\n[[a]]\nb = 2\n[a.c]\nd = 1\n[[a.e]]\nf = 1\n[[a.e]]\n", "a = {b = {c = 1}, d.e = [], 'f g' = \"h\"}",
	"\"quo\\\"ted\\u00e9\" = \"\"\"x\\\n  \"\"\"\"\"\n'lit.eral' = '''a''''\n", "[\"a.b\".c]\n\"\" = 1\n",
	"t = 1979-05-27 07:32:00\nf = -inf # c\nb = true\r\n", "a = [\n  1, # one\n  2,\n]\n", "[a.b]\n[a]\nx = 1\n",
	"a = {\n  b = 1, # TOML 1.1\n}\n", "\xef\xbb\xbfa = 1", "\ufeff\ufeff", "a = \"\\x41\\e\"", "[a]\nb.c = 1\n[a.d]\n", "[[a.b]]\n[a.c]\n", "a = [[{}], {b.c = {}}]",
	"[x.\"y z\"]\nk = '''\n\n'''\n",
}

// The tree of places must have the very shape of what the TOML library read:
// the same keys, the same arrays, every place inside the text and on its key.
func FuzzScan(f *testing.F) {
	for _, seed := range tomlSeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, findings := Parse("x.toml", []byte(text))
		if doc == nil {
			lines := strings.Split(strings.TrimPrefix(text, "\xef\xbb\xbf"), "\n")
			for _, f := range findings {
				if f.Line < 1 || f.Line > len(lines) || f.Column < 1 || f.Column > len(lines[f.Line-1])+2 || f.Message == "" {
					t.Errorf("no place in the file: %v", f)
				}
			}
			return
		}
		if s := scan(doc.text); s.bad || s.twice >= 0 {
			t.Fatalf("the scanner gave up on %q", text)
		}
		sameShape(t, doc, "", doc.values, doc.root)
		sameKeys(t, doc)
	})
}

func sameKeys(t *testing.T, doc *Document) {
	var values map[string]any
	meta, err := toml.Decode(doc.text, &values)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range meta.Keys() {
		if !reaches([]*node{doc.root}, key) {
			t.Fatalf("no place for %v in %q", key, doc.text)
		}
	}
}

// reaches reports whether key leads somewhere, through any element of arrays.
func reaches(nodes []*node, key []string) bool {
	for _, name := range key {
		var next []*node
		for _, n := range nodes {
			for _, n := range leaves(n) {
				if child, ok := n.fields[name]; ok {
					next = append(next, child)
				}
			}
		}
		nodes = next
	}
	return len(nodes) > 0
}

func leaves(n *node) []*node {
	if len(n.items) == 0 {
		return []*node{n}
	}
	var out []*node
	for _, item := range n.items {
		out = append(out, leaves(item)...)
	}
	return out
}

func sameShape(t *testing.T, doc *Document, where string, value any, n *node) {
	t.Helper()
	if n.at > n.end || n.end > len(doc.text) {
		t.Fatalf("%s lies at %d to %d of %d bytes", where, n.at, n.end, len(doc.text))
	}
	if list := Elements(value); list != nil {
		if len(list) != len(n.items) {
			t.Fatalf("%s has %d elements, the scanner saw %d in %q", where, len(list), len(n.items), doc.text)
		}
		for i := range list {
			sameShape(t, doc, fmt.Sprintf("%s[%d]", where, i), list[i], n.items[i])
		}
		return
	}
	table, _ := value.(map[string]any)
	if len(table) != len(n.fields) || len(n.order) != len(n.fields) {
		t.Fatalf("%s has %d keys, the scanner saw %v in %q", where, len(table), n.order, doc.text)
	}
	for name, inner := range table {
		child, ok := n.fields[name]
		if !ok {
			t.Fatalf("%s has %q, the scanner did not see it in %q", where, name, doc.text)
		}
		if child.at < 0 || !child.tables && child.keyAt < 0 {
			t.Fatalf("%s.%s has no place in %q", where, name, doc.text)
		}
		if child.keyAt >= 0 && strings.Trim(doc.text[child.keyAt:child.keyEnd], "\"'") != name && !strings.Contains(doc.text[child.keyAt:child.keyEnd], `\`) {
			if !strings.Contains(name, "\"") && !strings.Contains(name, "'") {
				t.Fatalf("%s.%s stands at %q", where, name, doc.text[child.keyAt:child.keyEnd])
			}
		}
		sameShape(t, doc, where+"."+name, inner, child)
	}
}
