package report

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadTimes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	if _, err := ReadTimes(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	var b bytes.Buffer
	if err := JSON(&b, Report{Capsules: []Capsule{{Dir: "a", Verdict: Passed, DurationMS: 1500}, {Dir: "b", Verdict: Skipped, DurationMS: 1}}}); err != nil {
		t.Fatal(err)
	}
	for content, want := range map[string]map[string]time.Duration{b.String(): {"a": 1500 * time.Millisecond}, "no JSON": nil} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := ReadTimes(path)
		if diff := cmp.Diff(want, got); diff != "" || errors.Is(err, ErrNoReport) != (want == nil) {
			t.Errorf("%v\n%s", err, diff)
		}
	}
}

func TestAppendSummaryKeepsWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary")
	if err := os.WriteFile(path, []byte("before\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(AppendSummary("", Report{}), AppendSummary(path, Report{Tool: Tool{Name: "astrid-dev"}})); err != nil {
		t.Fatal(err)
	}
	if data, _ := os.ReadFile(path); !bytes.HasPrefix(data, []byte("before\n## astrid-dev verify")) {
		t.Errorf("%q", data)
	}
}
