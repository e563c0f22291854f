//go:build unix

package smoke

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// withoutChild is what a report says but for what the child itself took.
func withoutChild(t *testing.T, r *Report) string {
	same := *r
	same.PeakChild = 0
	return said(t, &same)
}

// TestUsedChildAgrees has one child after another load what is hostile, what is sound and mutants of
// it, each as long as it goes on, and holds every report against that of a child of its own.
func TestUsedChildAgrees(t *testing.T) {
	testkit.Long(t)
	o := Options{Limits: Limits{Wall: 300 * time.Millisecond}.withDefaults(), Declared: ready, Calls: []Call{{Action: "hello"}}}
	dice := testkit.Dice(t)
	modules := seeds(t)
	for _, name := range []string{"rust", "rust.core", "c"} {
		if seed, ok := optional(t, name); ok {
			parts := partsOf(seed, 0, seed[6] == 1, map[byte][2]int{})
			for range testkit.Rounds(8, 40) {
				modules = append(modules, mutatePart(dice, seed, parts), seed)
			}
		}
	}
	dice.Shuffle(len(modules), func(i, j int) { modules[i], modules[j] = modules[j], modules[i] })
	modules = modules[:min(len(modules), testkit.Rounds(30, 60))]
	child, err := Prepare(o.Limits)
	testkit.Check(t, err)
	defer func() { child.Close() }()
	counted := 0
	for _, module := range modules {
		path := writeModule(t, module)
		used := child.asked > 0 && child.Waits()
		got, err := child.Load(t.Context(), path, o)
		testkit.Check(t, err)
		if !child.Waits() {
			child, err = Prepare(o.Limits)
			testkit.Check(t, err)
		} else if used {
			counted++
			want, err := LoadFile(t.Context(), path, o)
			testkit.Check(t, err)
			if diff := cmp.Diff(withoutChild(t, want), withoutChild(t, got)); diff != "" {
				t.Fatalf("a used child says otherwise (-new +used):\n%s", diff)
			}
		}
	}
	t.Logf("%d of %d modules were loaded well by a child that had loaded others", counted, len(modules))
	if counted < 5 {
		t.Error("this test says little")
	}
}

// TestUsedChildMisbehaves: what a child says that has loaded a module before counts only when it is a
// report of a load that went well. Else a new child says it.
func TestUsedChildMisbehaves(t *testing.T) {
	testkit.Long(t)
	self, err := os.Executable()
	testkit.Check(t, err)
	sound := writeModule(t, voidModule("_initialize"))
	broken := writeModule(t, voidModule("_initialize", 0x00))
	for _, how := range []string{"well, then nonsense", "well, then another's report", "well, then twice", "well, then it ends", "well, then it hangs",
		"well, but it grew", "well, but slowly"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			o := Options{Limits: Limits{Wall: 200 * time.Millisecond, CPUSeconds: 1, AddressSpace: 5 << 29}.withDefaults()}
			c := startChild([]string{self, "__misbehave", how}, o.Limits)
			defer c.Close()
			first, err := c.Load(t.Context(), sound, o)
			testkit.Check(t, err)
			second, err := c.Load(t.Context(), broken, o)
			testkit.Check(t, err)
			if !first.Loads || second.Loads || !hasCode(second, "smoke-trap") {
				t.Errorf("first %v, second %v with %v", first.Verdict, second.Verdict, second.Findings)
			}
			if c.Waits() {
				t.Error("the child is still there")
			}
			third, err := c.Load(t.Context(), sound, o)
			if err != nil || !third.Loads {
				t.Errorf("the third: %v, %v", third, err)
			}
		})
	}
}
