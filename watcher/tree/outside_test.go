package tree

import (
	"context"
	"os"
	"testing"
)

func mustTakeFiles(t testing.TB, base string, patterns ...string) *Snapshot {
	t.Helper()
	s, err := takeFiles(context.Background(), patterns, base)
	check(t, err)
	return s
}

func TestTakeFiles(t *testing.T) {
	top := t.TempDir()
	base := top + "/caps[1]" // a name that would be a glob
	plant(t, base, "Capsule.toml", "", "wit/a.wit", "1", "[id].ts", "1")
	plant(t, top, "shared/a", "1", "shared/d/b", "2", "shared/x.wasm", "3", "shared/node_modules/c", "4", "shared/empty/", "",
		"wit/a.wit", "1", "wit/d/b.wit", "2", "wit/d/c.txt", "3", "wit/target/d.wit", "4", "file", "5",
		"shared/.a.swp", "6", "shared/d/b~", "7", "wit/.#a.wit", "8")
	check(t, os.Symlink("../shared", top+"/wit/link"))
	check(t, os.Symlink("shared", top+"/alias"))
	for name, c := range map[string]struct{ patterns, want []string }{
		"nothing":            {nil, nil},
		"file":               {[]string{"../file"}, []string{"../file"}},
		"absolute":           {[]string{top + "/file", top + "/shared"}, []string{"../file", "../shared/a", "../shared/d/b"}},
		"folder":             {[]string{"../shared/"}, []string{"../shared/a", "../shared/d/b"}},
		"linked folder":      {[]string{"../alias"}, []string{"../alias/a", "../alias/d/b"}},
		"glob":               {[]string{"../wit/**/*.wit"}, []string{"../wit/a.wit", "../wit/d/b.wit"}},
		"glob of folders":    {[]string{"../sh*"}, []string{"../shared/a", "../shared/d/b"}},
		"glob of a module":   {[]string{"../shared/*.wasm"}, []string{"../shared/x.wasm"}},
		"glob in the base":   {[]string{"wit/*.wit"}, []string{"wit/a.wit"}},
		"alternatives":       {[]string{"../wit/{a,d/*}.wit"}, []string{"../wit/a.wit", "../wit/d/b.wit"}},
		"named ignored":      {[]string{"../wit/target/*"}, []string{"../wit/target/d.wit"}},
		"twice":              {[]string{"../file", "../fi*", top + "/file"}, []string{"../file"}},
		"an editor's file":   {[]string{"../shared/d/b~", "../shared/d/*"}, []string{"../shared/d/b", "../shared/d/b~"}},
		"literal before":     {[]string{"[id].ts"}, []string{"[id].ts"}},
		"empty folder":       {[]string{"../shared/empty"}, nil},
		"absent":             {[]string{"../none", "../file/x"}, []string{"../none absent", "../file/x absent"}},
		"glob of nothing":    {[]string{"../wit/*.none", "../none/*"}, []string{"../wit/*.none absent", "../none/* absent"}},
		"broken glob":        {[]string{"../[", "../{a"}, []string{"../[ absent", "../{a absent"}},
		"the order of paths": {[]string{"../wit/a.wit", "../file", "wit/a.wit"}, []string{"../file", "../wit/a.wit", "wit/a.wit"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := mustTakeFiles(t, base, c.patterns...)
			var got []string
			for _, f := range s.Files {
				path := f.Path
				if f.Size == Absent {
					path += " absent"
				} else if info, err := os.Stat(base + "/" + f.Path); err != nil || info.Size() != f.Size {
					t.Errorf("%+v, but %v %v", f, info, err)
				}
				got = append(got, path)
			}
			wantPaths(t, got, c.want...)
		})
	}
}

func TestTakeFilesDigest(t *testing.T) {
	top := t.TempDir()
	base := top + "/capsule"
	plant(t, base, "Capsule.toml", "")
	seen := map[Digest]string{}
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"absent", func() {}},
		{"empty file", func() { plant(t, top, "in", "") }},
		{"content", func() { plant(t, top, "in", "1") }},
		{"folder", func() { check(t, os.Remove(top+"/in")); plant(t, top, "in/", "") }},
		{"file in it", func() { plant(t, top, "in/a", "1") }},
	} {
		step.do()
		d := mustTakeFiles(t, base, "../in").Digest
		if other, ok := seen[d]; ok {
			t.Errorf("%s has the digest of %s", step.name, other)
		}
		seen[d] = step.name
	}
	// A checkout that moved has the same digest.
	before := mustTakeFiles(t, base, "../in", "../none", top+"/in/a").Digest
	check(t, os.Rename(top, top+"-moved"))
	t.Cleanup(func() { os.RemoveAll(top + "-moved") })
	if after := mustTakeFiles(t, top+"-moved/capsule", "../in", "../none", top+"-moved/in/a").Digest; after != before {
		t.Error("the digest depends on where the checkout lies")
	}
}

func TestTakeFilesOfSpecialFiles(t *testing.T) {
	base := t.TempDir()
	mkfifo(t, base+"/pipe")
	check(t, os.Symlink("loop", base+"/loop"))
	check(t, os.Symlink("nowhere", base+"/dangling"))
	plant(t, base, "real", "1")
	check(t, os.Symlink("real", base+"/link"))
	s := mustTakeFiles(t, base, "pipe", "loop", "dangling", "link")
	for _, f := range s.Files {
		if want := f.Path != "link"; want != (f.Size == Absent) {
			t.Errorf("%+v", f)
		}
	}
	if len(s.Files) != 4 {
		t.Errorf("%+v", s.Files)
	}
}

func TestCompareRawIsTheWalksOrder(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a/b/c", "", "a/b-/c", "", "a-b", "", "a.txt", "", "a0", "", "A/\xff", "", "A/\x01", "", "\x01", "")
	paths := pathsOf(mustTake(t, root, Astrid()))
	for i := range paths {
		for j := range paths {
			if got := compareRaw(paths[i], paths[j]); got < 0 != (i < j) || got > 0 != (i > j) {
				t.Errorf("compareRaw(%q, %q) = %d", paths[i], paths[j], got)
			}
		}
	}
}
