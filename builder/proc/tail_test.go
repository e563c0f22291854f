package proc

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
)

func TestTail(t *testing.T) {
	for _, test := range []struct {
		limit int
		in    string
		want  string
	}{
		{10, "", ""},
		{10, "short", "short"},
		{10, "exactly10\n", "exactly10\n"},
		{10, "one\ntwo\nthree\n", "two\nthree\n"},
		{9, "one\ntwo\nthree\n", "three\n"},
		{6, "two\nthree\n", "three\n"},
		{5, "two\nthree\n", "hree\n"},
		{4, "one line without end", " end"},
		{3, "a\n\n\n\n", "\n\n\n"},
		{0, "anything\n", ""},
		{-1, "anything", ""},
	} {
		for step := 1; step <= len(test.in)+1; step++ {
			tail := NewTail(test.limit)
			for in := test.in; in != ""; in = in[min(step, len(in)):] {
				if n, err := tail.Write([]byte(in[:min(step, len(in))])); err != nil || n != min(step, len(in)) {
					t.Fatal(n, err)
				}
			}
			if got := tail.String(); got != test.want || tail.Dropped() != int64(len(test.in)-len(test.want)) {
				t.Errorf("%d of %q by %d: %q, %d dropped", test.limit, test.in, step, got, tail.Dropped())
			}
		}
	}
}

func TestTailIsSafeForConcurrentUse(t *testing.T) {
	tail := NewTail(100)
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			for range 1000 {
				fmt.Fprintf(tail, "line %d\n", i)
				for line := range strings.Lines(tail.String()) {
					if !strings.HasPrefix(line, "line ") || len(line) != len("line 0\n") {
						t.Errorf("%q", line)
						return
					}
				}
			}
		})
	}
	wait.Wait()
}

// FuzzTail compares with cutting the whole text.
func FuzzTail(f *testing.F) {
	f.Add(5, []byte("one\ntwo\nthree"), 2)
	f.Fuzz(func(t *testing.T, limit int, in []byte, step int) {
		limit, step = limit&0xff, step&0xf+1
		tail := NewTail(limit)
		for rest := in; len(rest) > 0; rest = rest[min(step, len(rest)):] {
			_, _ = tail.Write(rest[:min(step, len(rest))])
		}
		if got, want := tail.Bytes(), cut(in, limit); !bytes.Equal(got, want) {
			t.Errorf("%q, not %q", got, want)
		}
	})
}

func cut(in []byte, limit int) []byte {
	if len(in) <= limit {
		return in
	}
	start := len(in) - limit
	if start == 0 || in[start-1] == '\n' {
		return in[start:]
	}
	if i := bytes.IndexByte(in[start:], '\n'); i >= 0 && start+i+1 < len(in) {
		return in[start+i+1:]
	}
	return in[start:]
}
