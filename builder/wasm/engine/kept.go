package engine

import (
	"context"
	"sync"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/reader"
)

// Kept is what was made of the newest file that a child has loaded well: how it was read, and its compiled code. The next one that is the same
// but for its data needs neither once more. Several goroutines may use it; nil keeps nothing.
type Kept struct {
	mu      sync.Mutex
	key     string
	reading *reader.Reading
	sandbox *Sandbox
}

// Take gives what was kept under a key, to one caller; nils when that is not there. The reading is not to be changed; the sandbox is for Renew.
func (k *Kept) Take(key string) (*reader.Reading, *Sandbox) {
	if k == nil {
		return nil, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sandbox == nil || k.key != key {
		return nil, nil
	}
	reading, sandbox := k.reading, k.sandbox
	k.reading, k.sandbox = nil, nil
	return reading, sandbox
}

// Keep takes a sandbox whose guest has ended well, in place of what was kept before.
func (k *Kept) Keep(key string, reading *reader.Reading, s *Sandbox) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sandbox != nil {
		k.sandbox.Close()
	}
	s.forget()
	k.key, k.reading, k.sandbox = key, reading, s
}

// forget lets go of all but what is compiled: the file, and who heard of it.
func (s *Sandbox) forget() {
	s.config = Config{}
	for _, of := range s.watched {
		*of = Watched{}
	}
}

// Renew makes a sandbox: a new one where s is nil, else one for another guest of the same code, of which nothing need be compiled. It takes the
// place of s. Who asks for it says the same of memory, compiling and places as for s, and watches the same functions, of which none has been called yet.
func Renew(ctx context.Context, s *Sandbox, c Config) (*Sandbox, error) {
	if s == nil {
		return New(ctx, c)
	}
	for at, of := range s.watched {
		*of = c.Watch.of(s.codes[at])
	}
	return &Sandbox{config: c, runtime: s.runtime, memory: budgetOf(c), compiled: s.compiled, codes: s.codes, watched: s.watched, module: moduleOf(c)}, nil
}
