package console

import (
	"bytes"
	"io"
	"testing"

	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

// never is a terminal that is not read.
type never struct{ end chan struct{} }

func (n never) Write(p []byte) (int, error) { <-n.end; return len(p), nil }

// Live output costs an allocation a piece of it, not a line, and hardly any where
// nobody reads: what finds no room is not rendered.
func TestOutputCostsNothingALine(t *testing.T) {
	piece := bytes.Repeat([]byte("y\n"), 16<<10)
	n := never{make(chan struct{})}
	c := New(n, hub.New(), Options{})
	if got := testing.AllocsPerRun(1, func() { c.Output("hello", piece) }); got > 200 {
		t.Errorf("%v allocations for 32 KB that are shown", got)
	}
	for range 2 * liveRoom / len(piece) {
		c.Output("hello", piece)
	}
	if got := testing.AllocsPerRun(10, func() { c.Output("hello", piece) }); got > 20 {
		t.Errorf("%v allocations for 32 KB that find no room", got)
	}
	close(n.end)
	c.Close()
}

// BenchmarkFlood is a build that prints 20 MB of the shortest lines there are, in
// the pieces that a pipe is read in.
func BenchmarkFlood(b *testing.B) {
	piece := bytes.Repeat([]byte("y\n"), 16<<10)
	for name, read := range map[string]bool{"read": true, "not read": false} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w, end := io.Discard, make(chan struct{})
				if !read {
					w = never{end}
				}
				c := New(w, hub.New(), Options{})
				for n := 0; n < 20_000_000; n += len(piece) {
					c.Output("hello", piece)
				}
				close(end)
				c.Close()
			}
		})
	}
}
