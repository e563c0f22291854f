package script

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// Watching are the folders of scripts about what the watcher sees, which run with both of
// its engines.
var Watching = []string{"editor", "folder", "capsule", "root", "input", "git", "storm", "feedback"}

// Run runs the scripts in the given folders of testdata/script, or all of them, as
// subtests FOLDER/NAME.
func Run(t *testing.T, folders ...string) { run(t, nil, folders) }

// RunPolling is Run, with watches that poll. A plain run takes few of them, see testkit.LeftOut: what the engine itself
// does is tested in the watcher's own room, and each script runs with the other engine too.
func RunPolling(t *testing.T, folders ...string) {
	run(t, []string{"--poll", "--poll-interval", "50ms"}, folders) // short, so that no script waits for it
}

// RunText runs one script that stands in no file.
func RunText(t *testing.T, text string) {
	file := filepath.Join(t.TempDir(), "text.txtar")
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, params([]string{file}, nil))
}

func run(t *testing.T, flags, folders []string) {
	files, err := filepath.Glob(filepath.Join("testdata", "script", "*", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	byFolder := map[string][]string{}
	for _, file := range files {
		folder := filepath.Base(filepath.Dir(file))
		byFolder[folder] = append(byFolder[folder], file)
	}
	if len(folders) == 0 {
		for folder := range byFolder {
			folders = append(folders, folder)
		}
		slices.SortFunc(folders, cmp.Compare)
	}
	for _, folder := range folders {
		if byFolder[folder] == nil {
			t.Errorf("testdata/script has no folder %s with scripts", folder)
			continue
		}
		t.Run(folder, func(t *testing.T) {
			t.Parallel()
			files := byFolder[folder]
			if flags != nil {
				files = drawn(t, files)
			}
			if len(files) > 0 {
				testscript.Run(t, params(files, flags))
			}
		})
	}
}

// drawn are the files that this run takes; the others are subtests that are skipped.
func drawn(t *testing.T, files []string) (taken []string) {
	for _, file := range files {
		if !testkit.LeftOut() {
			taken = append(taken, file)
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { t.Skip(testkit.TakesAll) })
	}
	return taken
}

// params are those of a run of files; every watch that they start gets flags.
func params(files, flags []string) testscript.Params {
	return testscript.Params{
		Files: files,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"append": cmdAppend, "capsule": cmdCapsule, "count": cmdCount, "end": cmdEnd, "ended": cmdEnded, "event": cmdEvent,
			"built": cmdBuilt, "example": cmdExample, "gone": cmdGone, "jco": cmdJco, "kill9": cmdKill9, "mmap": cmdMmap, "never": cmdNever,
			"mode": cmdMode, "npmdeps": cmdNpmDeps, "press": cmdPress, "resize": cmdResize, "runtime": cmdRuntime, "rust": cmdRust, "same": cmdSame, "save": cmdSave, "screen": cmdScreen, "signal": cmdSignal, "speaker": cmdSpeaker,
			"start": cmdStart, "tty": cmdTTY, "type": cmdType, "untimed": cmdUntimed, "warm": cmdWarm, "wasm": cmdWasm, "wrong": cmdWrong, "zig": cmdZig,
		},
		Condition: func(cond string) (bool, error) {
			if cond == "poll" {
				return flags != nil, nil
			}
			return condition(cond)
		},
		Setup: func(env *testscript.Env) error {
			env.Values[processes] = map[string]*process{}
			env.Values[watchFlags] = flags
			goCache, err := goCache()
			if err != nil {
				return err
			}
			cache, err := testkit.Cache("cache") // the compiled reader, a second of work, is made once for all scripts
			if err != nil {
				return err
			}
			env.Vars = append(env.Vars, "GOCACHE="+goCache, "GOFLAGS=-mod=mod", "GOPROXY=off", "GOTOOLCHAIN=local", "NO_COLOR=1", "ASTRID_DEV_ALONE=1", "XDG_CACHE_HOME="+cache)
			var names []string
			for _, v := range env.Vars {
				name, _, _ := strings.Cut(v, "=")
				names = append(names, name)
			}
			env.Values[variables] = names
			return nil
		},
	}
}

// goCache is the user's own cache of Go builds: a script has a HOME of its own, and would
// compile the standard library again.
func goCache() (string, error) {
	if set := os.Getenv("GOCACHE"); set != "" {
		return set, nil
	}
	cache, err := os.UserCacheDir()
	return filepath.Join(cache, "go-build"), err
}

type key string

// What a script keeps under these names: the processes that it started, by name, flags
// for its watches, and the names of the variables that it begins with.
const (
	processes  key = "processes"
	watchFlags key = "flags"
	variables  key = "variables"
)
