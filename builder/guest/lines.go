package guest

import (
	"bytes"
	"sync"
)

// lines cuts what is written to it at line ends, and sends each line. One that grows beyond
// limit, or that nobody waits for, is the end: over is called, once.
type lines struct {
	limit int
	to    chan []byte
	over  func()
	once  sync.Once
	rest  bytes.Buffer
	cut   bool
}

func (l *lines) Write(p []byte) (int, error) {
	n := len(p)
	for !l.cut {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			break
		}
		l.rest.Write(p[:end])
		p = p[end+1:]
		line := bytes.Clone(l.rest.Bytes())
		l.rest.Reset()
		select {
		case l.to <- line:
		default:
			l.stop()
		}
	}
	if l.rest.Len()+len(p) > l.limit {
		l.stop()
	}
	if !l.cut {
		l.rest.Write(p)
	}
	return n, nil
}

func (l *lines) stop() {
	l.cut = true
	l.once.Do(l.over)
}
