package daemon

import (
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

var (
	update = flag.Bool("update", false, "write testdata/manifests.tsv again, as far as runtimes are asked")
	older  = flag.String("older", "", "folder with the programs of the runtime 0.10.4, which is asked then")
)

// beforeTheCalendar is the release whose column -older DIR -update writes.
const beforeTheCalendar = "0.10.4"

const tableFile = "testdata/manifests.tsv"

// column is whether a release loads the capsule of each row of manifests.
type column map[string]bool

// table is what was recorded, by release.
func table(t *testing.T) map[string]column {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(testkit.Read(t, tableFile)), "\n")
	releases := strings.Split(lines[0], "\t")[1:]
	all := map[string]column{}
	for i, release := range releases {
		all[release] = column{}
		for _, line := range lines[1:] {
			cells := strings.Split(line, "\t")
			all[release][cells[0]] = cells[i+1] == "loads"
		}
	}
	return all
}

// record writes the column of a release anew.
func record(t *testing.T, release string, c column) {
	t.Helper()
	all := map[string]column{}
	if _, err := os.Stat(tableFile); err == nil {
		all = table(t)
	}
	all[release] = c
	releases := []string{judging}
	if all[beforeTheCalendar] != nil {
		releases = append(releases, beforeTheCalendar)
	}
	text := "capsule\t" + strings.Join(releases, "\t") + "\n"
	for _, r := range rows() {
		text += r.what
		for _, release := range releases {
			text += map[bool]string{true: "\tloads", false: "\trefuses"}[all[release][r.what]]
		}
		text += "\n"
	}
	if err := os.WriteFile(tableFile, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// differs are the rows in which our verdict is not an older release's, and why.
var differs = map[string]string{
	"name of 129 letters": "0.10.4 has no limit of 128; the name would be refused by each release that follows",
	"workers as a text":   "0.10.4 does not know bind_workers, and passes it over",
	"workers below zero":  "0.10.4 does not know bind_workers, and passes it over",
}

// The columns of older releases are our own verdicts for them, but for what differs names. With -older the
// runtime 0.10.4 is asked, which does not come with .ci/astrid.
func TestTheTableOfManifests(t *testing.T) {
	testkit.Long(t)
	if *older != "" {
		c := column{}
		for _, r := range rows() {
			c[r.what] = askOlder(t, *older, folder(t, r.text, "good.wasm"))
		}
		if *update {
			record(t, beforeTheCalendar, c)
		} else if was := table(t)[beforeTheCalendar]; !maps.Equal(was, c) {
			t.Errorf("recorded: %v\nanswered: %v", was, c)
		}
	}
	for release, c := range table(t) {
		if len(c) != len(manifests) {
			t.Errorf("%s has %d rows of %d: go test ./builder/daemon -run Manifests -update", release, len(c), len(manifests))
		}
		if release == judging {
			continue // TestAgreementOnManifests asks and compares
		}
		for _, r := range rows() {
			said := ours(t, folder(t, r.text, "good.wasm"), release)
			if (said == "") != c[r.what] && differs[r.what] == "" {
				t.Errorf("%s: %s: the runtime loads it: %v; ours:\n%s", release, r.what, c[r.what], said)
			}
		}
	}
}

// askOlder says whether 0.10.4 loads the capsule in the folder dir, in a home of its own. That release
// has no way to ask one thing and get an answer: its daemon takes no client before a capsule offers a
// socket. But it loads what is installed when it starts, writes what became of it, and ends.
func askOlder(t *testing.T, programs, dir string) bool {
	t.Helper()
	base, err := os.MkdirTemp("", "o")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(base)
	home, work := filepath.Join(base, "home"), filepath.Join(base, "work")
	for _, d := range []string{home, work} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	run := func(argv ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), filepath.Join(programs, argv[0]), argv[1:]...)
		cmd.Dir, cmd.Env = work, append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "ASTRID_") }), "ASTRID_HOME="+home)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if said, err := run("astrid", "capsule", "install", dir, "-y"); err != nil {
		t.Logf("install: %s", said)
		return false
	}
	said, _ := run("astrid-daemon", "--workspace", work)
	unmount(t, base)
	logs, _ := filepath.Glob(filepath.Join(home, "log", "astrid.*.log"))
	for _, file := range logs {
		said += testkit.Read(t, file)
	}
	switch {
	case strings.Contains(said, "Failed to load capsule"):
		t.Logf("%s: %s", dir, said[strings.Index(said, "Failed to load capsule"):])
		return false
	case strings.Contains(said, "Registered "):
		return true
	}
	t.Logf("nothing is told of %s:\n%s", dir, said)
	return false
}

// unmount takes away the overlay of the workspace that the daemon leaves for each capsule.
func unmount(t *testing.T, base string) {
	mounts, _ := os.ReadFile("/proc/mounts")
	for line := range strings.Lines(string(mounts)) {
		if f := strings.Fields(line); len(f) > 1 && strings.HasPrefix(f[1], base+"/") {
			if out, err := exec.Command("umount", "-l", f[1]).CombinedOutput(); err != nil {
				t.Errorf("umount %s: %s", f[1], out)
			}
		}
	}
}
