package tree

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// need skips the test visibly when program is not installed, and fails it where skips are forbidden.
func need(t testing.TB, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		testkit.Skip(t, "needs %s in PATH", program)
	}
}

// plant writes files, given as path and content in turns; a path that ends in "/" is a folder.
func plant(t testing.TB, root string, pathsAndContents ...string) {
	t.Helper()
	for i := 0; i < len(pathsAndContents); i += 2 {
		path := root + "/" + pathsAndContents[i]
		if strings.HasSuffix(path, "/") {
			check(t, os.MkdirAll(path, 0o755))
			continue
		}
		check(t, os.MkdirAll(filepath.Dir(path), 0o755))
		check(t, os.WriteFile(path, []byte(pathsAndContents[i+1]), 0o644))
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustTake(t testing.TB, root string, r *Rules) *Snapshot {
	t.Helper()
	s, err := Take(context.Background(), root, r)
	check(t, err)
	return s
}

func mustDefault(t testing.TB, root string, o Options) *Rules {
	t.Helper()
	r, err := Default(root, o)
	check(t, err)
	return r
}

// sources are the paths that the default rules find.
func sources(t testing.TB, root string, o Options) []string {
	t.Helper()
	return pathsOf(mustTake(t, root, mustDefault(t, root, o)))
}

func pathsOf(s *Snapshot) []string {
	paths := []string{}
	for _, f := range s.Files {
		paths = append(paths, f.Path)
	}
	return paths
}

func wantPaths(t testing.TB, got []string, want ...string) {
	t.Helper()
	got, want = slices.Clone(got), slices.Clone(want)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("sources\n got %q\nwant %q", got, want)
	}
}

// oracle is the digest of the tree by another hand: its own walk, its own
// order, its own text, and b3sum. keep says which of the paths that the Astrid
// rules give count; nil keeps all.
func oracle(t testing.TB, root string, keep func(path string) bool) string {
	t.Helper()
	need(t, "b3sum")
	var all [][]string
	var walk func(names []string)
	walk = func(names []string) {
		entries, err := os.ReadDir(filepath.Join(append([]string{root}, names...)...))
		check(t, err)
		for _, e := range entries {
			below := append(slices.Clone(names), e.Name())
			switch {
			case e.IsDir():
				if n := e.Name(); n != "node_modules" && n != "target" && n != "dist" && n != ".git" {
					walk(below)
				}
			case e.Type().IsRegular() && (filepath.Ext(e.Name()) != ".wasm" || e.Name() == ".wasm"):
				all = append(all, below)
			}
		}
	}
	walk(nil)
	slices.SortFunc(all, slices.Compare[[]string])
	var stream bytes.Buffer
	for _, names := range all {
		path := strings.Join(names, "/")
		if keep != nil && !keep(path) {
			continue
		}
		content, err := os.ReadFile(root + "/" + path)
		check(t, err)
		for _, part := range []string{text(path), string(content)} {
			binary.Write(&stream, binary.LittleEndian, uint64(len(part)))
			stream.WriteString(part)
		}
	}
	return b3sum(t, stream.Bytes())
}

func b3sum(t testing.TB, data []byte) string {
	t.Helper()
	cmd := exec.Command("b3sum", "--no-names")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	check(t, err)
	sum := strings.TrimSpace(string(out))
	if b, err := hex.DecodeString(sum); err != nil || len(b) != 32 {
		t.Fatalf("b3sum printed %q", out)
	}
	return sum
}

// begins holds every proper beginning of every character's encoding.
var begins = sync.OnceValue(func() map[string]bool {
	m := make(map[string]bool)
	for r := rune(0); r <= 0x10FFFF; r++ {
		if r < 0xD800 || r > 0xDFFF {
			enc := string(r)
			for n := 1; n < len(enc); n++ {
				m[enc[:n]] = true
			}
		}
	}
	return m
})

// text replaces maximal invalid parts straight from their definition.
func text(s string) string {
	var b strings.Builder
	var known map[string]bool
next:
	for s != "" {
		for n := 1; n <= min(4, len(s)); n++ {
			if r := []rune(s[:n]); len(r) == 1 && string(r) == s[:n] && (r[0] != 0xFFFD || n == 3) {
				b.WriteString(s[:n])
				s = s[n:]
				continue next
			}
		}
		if known == nil {
			known = begins()
		}
		n := 1
		for m := 2; m <= min(3, len(s)); m++ {
			if known[s[:m]] {
				n = m
			}
		}
		b.WriteString("\uFFFD")
		s = s[n:]
	}
	return b.String()
}

// findCapsules is Find for who wants the capsules alone.
func findCapsules(ctx context.Context, roots []string) ([]string, error) {
	found, err := Find(ctx, Search{Roots: roots})
	return found.Capsules, err
}

// takeFiles is TakeOthers of patterns alone.
func takeFiles(ctx context.Context, patterns []string, base string) (*Snapshot, error) {
	return TakeOthers(ctx, Others{Patterns: patterns, Base: base})
}
