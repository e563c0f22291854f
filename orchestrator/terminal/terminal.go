// Package terminal is the terminal of a program that a person keeps open: single keys without
// Enter, and the terminal's mode, which is given back at every end.
//
// While keys are read the terminal shows no typed characters and sends no signals: Ctrl-C is a
// key like any other, which this package makes the program's own interrupt, so that make and
// other programs in the same terminal do not take it for theirs. Output is as it always is.
// A child process, the keeper, waits for the program's end and gives the mode back where the
// program could not: after kill -9, a crash, or an exit in the middle.
package terminal

import (
	"os"
	"sync"
)

// keeperArg is how this program is started as a keeper.
const keeperArg = "__astrid-dev-terminal"

// keysAtOnce is how many characters come at once at most when a person types; more is pasted,
// and means nothing.
const keysAtOnce = 8

// Keyboard reads single keys. It is safe for concurrent use.
type Keyboard struct {
	file *os.File
	keys chan rune

	mu     sync.Mutex // guards all below
	mode   *mode      // nil: the terminal has its own mode
	away   bool       // suspended
	ended  bool
	keeper *keeper
}

// Open reads keys of file, a terminal, as often as this program is in its foreground. The
// caller closes the Keyboard. Where single keys cannot be had Keys gives those that are
// followed by Enter.
func Open(file *os.File) *Keyboard {
	k := &Keyboard{file: file, keys: make(chan rune)}
	go k.read()
	return k
}

// Keys gives each key that means a character. It is never closed: a read of a terminal
// cannot be cancelled.
func (k *Keyboard) Keys() <-chan rune { return k.keys }

// Close gives the terminal its mode back, for ever. A second call does nothing.
func (k *Keyboard) Close() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ended = true
	k.leave()
	if k.keeper != nil {
		k.keeper.close()
		k.keeper = nil
	}
}

// Suspend gives the terminal its mode back until Resume, which is called when the program goes on.
func (k *Keyboard) Suspend() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.away = true
	k.leave()
}

// Resume takes the terminal again, if it is this program's.
func (k *Keyboard) Resume() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.away = false
	k.enter()
}

// here takes the terminal when this program comes into its foreground in another way.
func (k *Keyboard) here() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.enter()
}

func (k *Keyboard) leave() {
	if k.mode != nil {
		k.mode.leave(k.file)
		k.mode = nil
	}
}

func (k *Keyboard) enter() {
	if k.ended || k.away || k.mode != nil {
		return
	}
	if mine, err := inForeground(k.file); err != nil || !mine {
		return
	}
	m, err := modeOf(k.file)
	if err != nil {
		return
	}
	if k.keeper == nil {
		k.keeper = keep(k.file, m) // before the mode is another one: whoever is killed just then leaves a keeper. Without one the mode stays
	}
	if m.enter(k.file) == nil {
		k.mode = m
	}
}

// read hands on keys until the terminal is gone.
func (k *Keyboard) read() {
	k.here()
	reader := NewReader(k.file)
	if r, ok := reader.(interface{ before(func()) }); ok {
		r.before(k.here)
	}
	typed := make([]byte, 64)
	for {
		n, err := reader.Read(typed)
		if err != nil {
			return
		}
		k.take(typed[:n])
	}
}

// take makes keys of what came at once. What begins with an escape is an arrow, a function key
// or a terminal's answer.
func (k *Keyboard) take(typed []byte) {
	if len(typed) == 0 || typed[0] == 0x1b {
		return
	}
	if k.signals(typed) || len(typed) > keysAtOnce {
		return
	}
	for _, key := range string(typed) {
		if key > ' ' && key != 0x7f {
			k.keys <- key
		}
	}
}

// signals sends this program what the terminal would have sent it for one of the keys.
func (k *Keyboard) signals(typed []byte) bool {
	k.mu.Lock()
	m := k.mode
	k.mu.Unlock()
	if m == nil {
		return false
	}
	for _, b := range typed {
		if m.signal(b) {
			return true
		}
	}
	return false
}
