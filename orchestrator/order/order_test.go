package order

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestOf(t *testing.T) {
	parts := []Part{
		{Dir: "/app", Publishes: []string{"/app/app.wasm"}, Takes: []string{"/lib/lib.wasm", "/text.txt"}},
		{Dir: "/lib", Publishes: []string{"/lib/lib.wasm"}, Takes: []string{"/base/dist"}},
		{Dir: "/zbase", Publishes: []string{"/base/dist/a.wasm", "/base/dist/b.wasm"}},
		{Dir: "/x", Publishes: []string{"/x/x.wasm"}, Takes: []string{"/y/y.wasm", "/lib/lib.wasm"}},
		{Dir: "/y", Publishes: []string{"/y/y.wasm"}, Takes: []string{"/x/x.wasm", "/y/y.wasm"}},
		{Dir: "/near", Publishes: []string{"/lib/lib.wasm2"}},
	}
	o := Of(parts)
	if got, want := fmt.Sprint(o.Dirs), "[/zbase /lib /app /near /x /y]"; got != want {
		t.Errorf("order %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(o.Cycles), "[[/x /y]]"; got != want {
		t.Errorf("cycles %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(o.Needs["/x"], o.Needs["/y"], o.Needs["/app"]), "[/lib] [] [/lib]"; got != want {
		t.Errorf("needs %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(o.Feeds["/lib"], o.Feeds["/x"], o.Feeds["/y"]), "[/app /x] [/y] [/x]"; got != want {
		t.Errorf("feeds %s, want %s", got, want)
	}
}

// Whatever the graph is, everything stands in the order once, and after what it needs.
func TestOfAnything(t *testing.T) {
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 7))
		n := 1 + r.IntN(12)
		var parts []Part
		for i := range n {
			p := Part{Dir: fmt.Sprintf("/%02d", i), Publishes: []string{fmt.Sprintf("/%02d/m.wasm", i)}}
			for range r.IntN(3) {
				p.Takes = append(p.Takes, fmt.Sprintf("/%02d/m.wasm", r.IntN(n)))
			}
			parts = append(parts, p)
		}
		o := Of(parts)
		sorted := slices.Sorted(slices.Values(o.Dirs))
		if len(slices.Compact(sorted)) != n {
			t.Fatalf("seed %d: %v", seed, o.Dirs)
		}
		for i, dir := range o.Dirs {
			for _, up := range o.Needs[dir] {
				if slices.Index(o.Dirs, up) > i {
					t.Errorf("seed %d: %s stands before %s, which it needs", seed, dir, up)
				}
			}
		}
	}
}
