package smoke

import (
	"bytes"
	"sync"
)

// answer is a report as the child writes it, in a line.
type answer struct {
	Before int `json:"before,omitempty"` // how many modules this child has loaded before
	*Report
}

// answers is what a child said since it was reset. It does not grow beyond limit, and calls full when
// it should.
type answers struct {
	limit int
	full  func()
	came  chan struct{} // has something after the end of a line

	mu   sync.Mutex // guards what follows
	said bytes.Buffer
	cut  bool
}

func (a *answers) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.said.Len()+len(p) > a.limit {
		a.cut = true
		a.full()
		return len(p), nil
	}
	n, err := a.said.Write(p)
	if bytes.HasSuffix(p, []byte("\n")) {
		select {
		case a.came <- struct{}{}:
		default: // nobody has taken notice of the one before
		}
	}
	return n, err
}

func (a *answers) take() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return bytes.Clone(a.said.Bytes())
}

// reset forgets what was said: what comes now is another answer.
func (a *answers) reset() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.said.Reset()
}
