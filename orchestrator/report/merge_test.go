package report

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// shards are sample(), dealt out to n reports, written and read again.
func shards(t *testing.T, n int, options func(i int, r *Report)) (list []Report) {
	t.Helper()
	for i := range n {
		r := sample()
		r.Options.Shard = string(rune('1'+i)) + "/" + string(rune('0'+n))
		all := r.Capsules
		r.Capsules = nil
		for k, c := range all {
			if k%n == i {
				r.Capsules = append(r.Capsules, c)
			}
		}
		options(i, &r)
		var data bytes.Buffer
		testkit.Check(t, JSON(&data, r))
		path := filepath.Join(t.TempDir(), "r.json")
		testkit.Write(t, path, data.String())
		read, err := Read(path)
		testkit.Check(t, err)
		list = append(list, read)
	}
	return list
}

// The reports of all shards make the report of the run without shards, byte for byte.
func TestMerge(t *testing.T) {
	whole, err := Merge(shards(t, 3, func(int, *Report) {}))
	testkit.Check(t, err)
	var got, want bytes.Buffer
	one := sample()
	one.Options.Shard = ""
	testkit.Check(t, JSON(&got, whole))
	testkit.Check(t, JSON(&want, one))
	if diff := cmp.Diff(want.String(), got.String()); diff != "" {
		t.Errorf("- as one run, + merged:\n%s", diff)
	}
}

// Shards that ran in different folders, as a CI's machines have them, make the report of one folder.
func TestMergeOfOtherRoots(t *testing.T) {
	want, err := Merge(shards(t, 3, func(int, *Report) {}))
	testkit.Check(t, err)
	got, err := Merge(shards(t, 3, func(i int, r *Report) {
		if i == 0 {
			return
		}
		to := r.Root + string(rune('0'+i))
		for k := range r.Capsules {
			r.Capsules[k].moved(r.Root, to)
		}
		r.Root = to
	}))
	testkit.Check(t, err)
	var a, b bytes.Buffer
	testkit.Check(t, JSON(&a, want))
	testkit.Check(t, JSON(&b, got))
	if diff := cmp.Diff(a.String(), b.String()); diff != "" {
		t.Errorf("- in one folder, + in three:\n%s", diff)
	}
}

// What is not all of one run is refused.
func TestMergeRefuses(t *testing.T) {
	three := shards(t, 3, func(int, *Report) {})
	for name, list := range map[string][]Report{
		"none":          nil,
		"one missing":   three[:2],
		"one twice":     {three[0], three[0], three[1], three[2]},
		"of another":    {three[0], three[1], shards(t, 4, func(int, *Report) {})[2]},
		"no shard":      {sample()},
		"other commit":  shards(t, 3, func(i int, r *Report) { r.Commit = string(rune('a' + i)) }),
		"no commit":     shards(t, 2, func(i int, r *Report) { r.Commit = strings.Repeat("a", i) }),
		"other runtime": shards(t, 2, func(i int, r *Report) { r.Options.Runtime = string(rune('a' + i)) }),
		"shard 0 of 0":  shards(t, 1, func(_ int, r *Report) { r.Options.Shard = "0/0" }),
		"other flags":   shards(t, 3, func(i int, r *Report) { r.Options.Repro = i == 1 }),
		"other program": shards(t, 3, func(i int, r *Report) { r.Tool.Version = string(rune('0' + i)) }),
		"a capsule twice": shards(t, 3, func(i int, r *Report) {
			r.Capsules = append(r.Capsules, Capsule{Dir: "everywhere", Steps: []Step{{Name: StepCheck, Verdict: Passed}}})
		}),
	} {
		if name == "no shard" {
			list[0].Options.Shard = ""
		}
		if _, err := Merge(list); !errors.Is(err, ErrMerge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
