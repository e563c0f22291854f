package orchestrator

import (
	"fmt"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder"
	"github.com/astrid-runtime/astrid-dev/builder/inputs"
	"github.com/astrid-runtime/astrid-dev/watcher"
	"github.com/astrid-runtime/astrid-dev/watcher/tree"
)

// The first look at each of many capsules costs no order of all of them, where nothing is to be built: a
// count that CI holds.
func TestManyCapsulesAreOrderedOnce(t *testing.T) {
	l := newLoop(Config{NoInitialBuild: true, Roots: []string{"/"}, Announce: nil}.withDefaults())
	now := time.Unix(1000, 0)
	var dirs []string
	for i := range 300 {
		dirs = append(dirs, fmt.Sprintf("/c%03d", i))
	}
	l.step(begun{dirs}, now)
	effects, _ := l.step(changed{watcher.Batch{Lost: true}}, now)
	examinations := 0
	for len(effects) > 0 {
		e := effects[0]
		effects = effects[1:]
		look, is := e.(examine)
		if !is {
			continue
		}
		examinations++
		dir := look.c.dir
		in := &builder.Inputs{Inputs: inputs.Inputs{Dir: dir, Name: dir[1:], SourceHash: "h", Key: "h" + dir, Buildable: true, Publishes: []string{dir + "/c.wasm"},
			Outside: []string{"/.gitignore"}, Taken: now, Skip: func(string, bool) bool { return false }, Sources: &tree.Snapshot{}, Others: &tree.Snapshot{}}}
		more, _ := l.step(examined{look.c, in, nil, time.Time{}}, now)
		effects = append(effects, more...)
	}
	if !l.ready || examinations != len(dirs) {
		t.Fatalf("ready: %v after %d examinations", l.ready, examinations)
	}
	if l.graph.made > 2 {
		t.Errorf("%d capsules were ordered %d times", len(dirs), l.graph.made)
	}
}
