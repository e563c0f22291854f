package live

import (
	"context"

	"github.com/astrid-runtime/astrid-dev/builder/daemon"
)

// Link is a connection to a process of the runtime: a *daemon.Link.
type Link interface {
	Install(ctx context.Context, p daemon.Parcel) (*daemon.Answer, error)
	Installed(ctx context.Context, name string) (digest string, err error)
	Package(name, digest string) (folder string, err error)
	Remove(ctx context.Context, name string) error
	Keys(ctx context.Context, name string) (map[string]bool, error)
	LogDir() string
	Gone() <-chan struct{}
	Close()
}

// Runtime is what capsules are kept live in.
type Runtime struct {
	Kind string // isolated or live, as events say it
	// Connect connects to the runtime that runs, or to the one that it starts.
	Connect func(ctx context.Context) (Link, error)
	// Renew ends a runtime of the session's own; nil: it is the user's, which keeps what it is given.
	Renew func()
}

// Isolated is d, a private runtime. Who made it closes it.
func Isolated(d *daemon.Daemon) Runtime {
	return Runtime{Kind: "isolated", Connect: linked(d.Connect), Renew: d.Renew}
}

// User is u, the user's runtime.
func User(u *daemon.User) Runtime { return Runtime{Kind: "live", Connect: linked(u.Connect)} }

func linked(connect func(context.Context) (*daemon.Link, error)) func(context.Context) (Link, error) {
	return func(ctx context.Context) (Link, error) {
		l, err := connect(ctx)
		if err != nil {
			return nil, err
		}
		return l, nil
	}
}

// own reports whether the runtime is the session's own.
func (r Runtime) own() bool { return r.Renew != nil }

// What is said of a runtime that is not there: what happened, and what is done about it.
type notice struct{ message, hint string }

func (r Runtime) ended() notice {
	if r.own() {
		return notice{"the private runtime ended", "a fresh one is started"}
	}
	return notice{"the runtime stopped", "what was live in it is installed again when it is back: astrid start"}
}

func (r Runtime) absent(err error) notice {
	if r.own() {
		return notice{err.Error(), "it is started again in a while"}
	}
	return notice{err.Error(), "start it, with astrid start: what is built is installed as soon as it runs"}
}
