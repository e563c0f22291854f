package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The user's runtime is found as its own programs find it.
func TestFindUser(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, c := range []struct {
		env             map[string]string
		home, run, fail string
	}{
		{env: map[string]string{"HOME": "/home/ada"}, home: "/home/ada/.astrid", run: "/home/ada/.astrid/run"},
		{env: map[string]string{"HOME": "/home/ada", "ASTRID_HOME": "/a"}, home: "/a", run: "/a/run"},
		{env: map[string]string{"ASTRID_HOME": "/a", "ASTRID_RUN_DIR": "/r"}, home: "/a", run: "/r"},
		{env: nil, fail: "neither ASTRID_HOME nor HOME"},
		{env: map[string]string{"ASTRID_HOME": "a"}, fail: `ASTRID_HOME is "a"`},
		{env: map[string]string{"ASTRID_HOME": "/a", "ASTRID_RUN_DIR": "r"}, fail: `ASTRID_RUN_DIR is "r"`},
		{env: map[string]string{"ASTRID_HOME": "/a", "ASTRID_PRINCIPAL": "../b"}, fail: "ASTRID_PRINCIPAL"},
	} {
		u, err := FindUser(func(name string) string { return c.env[name] })
		if c.fail != "" {
			if err == nil || !strings.Contains(err.Error(), c.fail) {
				t.Errorf("%v: %v", c.env, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if u.Home() != c.home || u.run != c.run || u.as != "default" {
			t.Errorf("%v: %+v", c.env, u)
		}
		u.Close()
	}
	if left, _ := os.ReadDir(os.Getenv("TMPDIR")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// A private daemon stands for the user's: it is connected to by its folders, and what it has of
// a capsule can be copied and installed again.
func TestUser(t *testing.T) {
	d := begun(t)
	install(t, d, packageOf(t, "good", kernel+"good.wasm"))
	folder := d.now.scratch.Dir
	u, err := FindUser(func(name string) string {
		return map[string]string{"ASTRID_HOME": filepath.Join(folder, "home"), "ASTRID_RUN_DIR": filepath.Join(folder, "run")}[name]
	})
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	link, err := u.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	before, err := link.Installed(t.Context(), "good")
	if err != nil || before == "" {
		t.Fatal(before, err)
	}
	copied, err := link.Package("good", before)
	if err != nil {
		t.Fatal(err)
	}
	// another one, which is refused and kept all the same
	answer, err := link.Install(t.Context(), Parcel{Name: "good", Folder: packageFolder(t, "good", coreModule(t))})
	if err != nil || answer.Loaded {
		t.Fatalf("%+v, %v", answer, err)
	}
	if kept, err := link.Installed(t.Context(), "good"); err != nil || kept == before {
		t.Errorf("%s, %v: the runtime did not keep what it refused", kept, err)
	}
	if answer, err = link.Install(t.Context(), Parcel{Name: "good", Folder: copied}); err != nil || !answer.Loaded {
		t.Fatalf("%+v, %v", answer, err)
	}
	if _, err := link.Package("good", "no such digest"); err == nil {
		t.Error("there is none")
	}
	if keys, err := link.Keys(t.Context(), "good"); err != nil || len(keys) != 0 {
		t.Error(keys, err)
	}
	d.Renew()
	<-link.Gone()
	if _, err := u.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "no runtime runs in") {
		t.Error(err)
	}
}

// packageFolder is a capsule's folder with the module in it.
func packageFolder(t *testing.T, name, module string) string {
	t.Helper()
	p := packageOf(t, name, module)
	content, err := os.ReadFile(module)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.Source.Manifest.Dir, "m.wasm"), content, 0o644); err != nil {
		t.Fatal(err)
	}
	return p.Source.Manifest.Dir
}
