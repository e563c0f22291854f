package live

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/daemon"
)

const (
	// lookForWords is how often the logs are looked at. The runtime writes files, and says
	// nothing of them to its clients.
	lookForWords = 200 * time.Millisecond
	// wordsAtOnce bounds what is read of a log in one look.
	wordsAtOnce = 1 << 20
)

// logs follows the files in which a runtime keeps what capsules log: DIR/USER/CAPSULE/DAY.log.
type logs struct {
	dir  string
	read map[string]int64 // bytes of each file that were shown or passed over
}

// newLogs passes over what is there already.
func newLogs(dir string) *logs {
	g := &logs{dir: dir, read: map[string]int64{}}
	for _, file := range g.files() {
		if info, err := os.Stat(file); err == nil {
			g.read[file] = info.Size()
		}
	}
	return g
}

func (g *logs) files() []string {
	found, _ := filepath.Glob(filepath.Join(g.dir, "*", "*", "*.log")) // the pattern is sound
	return found
}

// look hands what was written since the last look to show, whole lines only.
func (g *logs) look(show func(capsule string, lines []byte)) {
	for _, file := range g.files() {
		info, err := os.Stat(file)
		if err != nil || info.Size() == g.read[file] {
			continue
		}
		if info.Size() < g.read[file] {
			g.read[file] = 0 // it was emptied
		}
		lines := readLines(file, g.read[file])
		g.read[file] += int64(len(lines))
		if len(lines) > 0 {
			show(filepath.Base(filepath.Dir(file)), lines)
		}
	}
}

// readLines is what stands in file from the byte from on, up to the last line end. A line that
// is too long to be read at once is cut.
func readLines(file string, from int64) []byte {
	f, err := os.Open(file)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.NewSectionReader(f, from, wordsAtOnce))
	if err != nil {
		return nil
	}
	if end := bytes.LastIndexByte(text, '\n'); end >= 0 || len(text) < wordsAtOnce {
		return text[:end+1]
	}
	return text
}

// words are lines of a log without what the console says better: when, and of which capsule.
// Of the levels INFO goes without saying.
func words(lines []byte) []byte {
	var out []byte
	for line := range bytes.Lines(lines) {
		level, line, _ := daemon.Head(line)
		if level != "" && level != "INFO" {
			out = append(append(out, level...), ' ')
		}
		out = append(out, line...)
	}
	return out
}

// followLogs shows what the watched capsules log in dir, until ctx ends.
func (l *Live) followLogs(ctx context.Context, g *logs) {
	if l.o.Output == nil {
		return
	}
	show := func(capsule string, lines []byte) {
		if l.watches(capsule) {
			_, _ = l.o.Output(capsule).Write(words(lines))
		}
	}
	for {
		g.look(show)
		select {
		case <-ctx.Done():
			g.look(show)
			return
		case <-time.After(lookForWords):
		}
	}
}

// watches reports whether a capsule of that name is watched.
func (l *Live) watches(name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.plan.capsules {
		for _, o := range []*offer{c.runs, c.want, c.good} {
			if o != nil && o.name == name {
				return true
			}
		}
	}
	return false
}
