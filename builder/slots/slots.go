// Package slots gives out the places in which builds of all astrid-dev of one user run.
//
// A place is a locked file in a folder of the user's own, so that the kernel gives back the place of
// a process that dies. Who finds none free draws a number, which is a locked file too, and the
// lowest number whose owner lives takes the next place: nobody is passed over for ever.
//
//	place-0 ...  locked by whoever builds in it
//	wait-0...17  locked by whoever waits with this number
//	numbers      locked while a number is drawn
package slots

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// LendAfter is how long a build keeps its place: one that hangs, or is merely slow, stops nobody else.
const LendAfter = 30 * time.Second

// poll is how often a process that waits looks whether it is its turn.
const poll = 20 * time.Millisecond

// Slots are the places of one user. They are safe for concurrent use, by several processes too.
type Slots struct {
	folder string
	places int
	lend   time.Duration
}

// Open makes the folder where it is missing. This process builds in the first places alone: who may
// run more builds than another at once knows of more places. It is an error when the folder is not
// the user's own.
func Open(folder string, places int) (*Slots, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if !fsys.IsOwn(folder) {
		return nil, fmt.Errorf("%s is not a folder of this user's own", folder)
	}
	return &Slots{folder: folder, places: max(1, places), lend: LendAfter}, nil
}

// Take waits for a place and takes it until leave is called, which may be done twice. A nil Slots has
// places without end, and so has one whose folder cannot be used: then nobody waits. The error is
// ctx's.
func (s *Slots) Take(ctx context.Context) (leave func(), err error) {
	if s == nil {
		return func() {}, nil
	}
	number, place, err := s.draw(ctx)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return func() {}, nil
	}
	if place == nil {
		defer number.leave()
	}
	for place == nil {
		if place, err = s.turn(number.n); err != nil {
			return func() {}, nil
		}
		if place != nil {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(poll):
		}
	}
	var once sync.Once
	leave = func() { once.Do(func() { fsys.Unlock(place) }) }
	time.AfterFunc(s.lend, leave)
	return leave, nil
}

// number is what somebody waits with.
type number struct {
	n    uint64
	file *os.File
}

// leave gives the number back: to who has got a place, and to who gives up.
func (n *number) leave() {
	os.Remove(n.file.Name()) // while it is locked, so that nobody takes it for a dead one's
	fsys.Unlock(n.file)
}

// draw takes a place when nobody waits and one is free, else a number behind all others.
func (s *Slots) draw(ctx context.Context) (*number, *os.File, error) {
	lock, err := os.OpenFile(filepath.Join(s.folder, "numbers"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, nil, err
	}
	defer fsys.Unlock(lock)
	for { // others hold it for a few calls of the system
		mine, err := fsys.TryLock(lock)
		if err != nil {
			return nil, nil, err
		}
		if mine {
			break
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	waiting, err := s.waiting()
	if err != nil {
		return nil, nil, err
	}
	if len(waiting) == 0 {
		if place, err := s.free(); place != nil || err != nil {
			return nil, place, err
		}
		waiting = []uint64{0}
	}
	n := waiting[len(waiting)-1] + 1
	file, err := s.locked(waitName(n))
	if err == nil && file == nil {
		err = fmt.Errorf("the number %d is drawn twice", n)
	}
	return &number{n, file}, nil, err
}

func waitName(n uint64) string { return fmt.Sprintf("wait-%020d", n) }

// waiting are the numbers that are drawn, in their order; those of the dead may be among them.
func (s *Slots) waiting() (list []uint64, err error) {
	entries, err := os.ReadDir(s.folder) // sorted by name
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if digits, ok := strings.CutPrefix(e.Name(), "wait-"); ok {
			if n, err := strconv.ParseUint(digits, 10, 64); err == nil {
				list = append(list, n)
			}
		}
	}
	return list, nil
}

// turn is a free place when nobody alive has a lower number than n; nil when it is not n's turn.
func (s *Slots) turn(n uint64) (*os.File, error) {
	waiting, err := s.waiting()
	if err != nil {
		return nil, err
	}
	for _, other := range waiting {
		if other >= n {
			break
		}
		dead, err := s.locked(waitName(other))
		if err != nil {
			return nil, err
		}
		if dead == nil {
			return nil, nil
		}
		(&number{other, dead}).leave()
	}
	return s.free()
}

// free is a place that nobody builds in, now locked; nil when there is none.
func (s *Slots) free() (*os.File, error) {
	for i := range s.places {
		if place, err := s.locked(fmt.Sprintf("place-%d", i)); place != nil || err != nil {
			return place, err
		}
	}
	return nil, nil
}

// locked is the file of a name, locked; nil when somebody else has it.
func (s *Slots) locked(name string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(s.folder, name), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if mine, err := fsys.TryLock(f); err != nil || !mine {
		f.Close()
		return nil, err
	}
	return f, nil
}
