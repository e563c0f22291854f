package daemon

import (
	"context"
	"errors"
	"sync"

	"github.com/astrid-runtime/astrid-dev/builder/pack"
)

// Options say which runtime is used.
type Options struct {
	Program string   // astrid-daemon, as Find found it
	Env     []string // of the daemon; what is in it for another runtime is left out. nil: none
}

// Daemon is a private runtime. Its methods may be called concurrently; installs come one
// after the other.
type Daemon struct {
	o Options

	mu  sync.Mutex // guards all below
	now *running   // nil: none was started yet, or it was closed
	end bool       // Close was called
}

// New returns a Daemon that Begin or the first Install starts.
func New(o Options) *Daemon { return &Daemon{o: o} }

// Begin starts the process and does not wait until it is ready, so that it comes up while a
// capsule is still being built. What goes wrong the first Install tells.
func (d *Daemon) Begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begin()
}

// begin makes d.now the process to use: a fresh one when there is none yet, when the old one
// has ended, or when it takes no more installs. Called with mu held.
func (d *Daemon) begin() {
	if d.end || d.now != nil && d.now.useful() {
		return
	}
	if d.now != nil {
		d.now.close()
	}
	d.now = start(d.o)
}

// Package is a capsule to install.
type Package struct {
	Source pack.Source
	Values map[string]string // for the manifest's [env], before its defaults
}

var errClosed = errors.New("the private runtime was closed")

// Install packs p, installs it, and returns the runtime's answer. An error means that there is
// none: the context ended, the process could not be started or died, a file could not be
// read. What the runtime says of the capsule, and what keeps it from being packed, are
// findings of the answer.
func (d *Daemon) Install(ctx context.Context, p Package) (*Answer, error) {
	values, missing := ValuesOf(p.Source.Manifest, p.Values, nil)
	if len(missing) > 0 {
		return &Answer{Findings: missing}, nil
	}
	archive, err := pack.Of(p.Source)
	var no *pack.Refused
	if errors.As(err, &no) {
		return refusedAnswer(no.Finding), nil
	}
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for {
		if d.begin(); d.now == nil {
			return nil, errClosed
		}
		answer, err := d.now.install(ctx, Parcel{Name: p.Source.Manifest.Package.Name, Archive: archive.Write, Values: values})
		if !errors.Is(err, ErrLimited) {
			return answer, err
		}
	}
}

// Ask has q carried to what is installed in the process of the last Install. The first question to
// a process costs one more install.
func (d *Daemon) Ask(ctx context.Context, q Question) (*Reply, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now == nil {
		return nil, errClosed
	}
	return d.now.ask(ctx, q)
}

// Connect returns the connection to the process, once that is ready; a fresh one when there is
// none, or the old one ended. It is closed with the process.
func (d *Daemon) Connect(ctx context.Context) (*Link, error) {
	d.mu.Lock()
	if d.end {
		d.mu.Unlock()
		return nil, errClosed
	}
	if d.now != nil && d.now.over() {
		d.now.close()
		d.now = nil
	}
	if d.now == nil {
		d.now = start(d.o)
	}
	now := d.now
	d.mu.Unlock()
	return now.await(ctx)
}

// Renew ends the process: the next Connect is to a fresh one, which has nothing installed and
// takes installs at once.
func (d *Daemon) Renew() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now != nil {
		d.now.close()
		d.now = nil
	}
}

// Close ends the process and removes its folder. It may be called twice, and on nil.
func (d *Daemon) Close() {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.end = true
	if d.now != nil {
		d.now.close()
		d.now = nil
	}
}
