package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/daemon"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
)

const (
	// othersInstall is how long to wait when the runtime takes nothing because others installed:
	// when they did is not known.
	othersInstall = 5 * time.Second
	// busyFor is how long to wait for another install that is under way.
	busyFor = time.Second
	// The runtime is looked for again so soon after it was not there; a private one that does
	// not start is started again later each time.
	lookAgain    = 500 * time.Millisecond
	startAtLeast = 30 * time.Second
)

// Why a package is installed that no reload led to.
const (
	freshReason = "in a fresh private runtime"
	backReason  = "the runtime is back"
)

// install carries the plan out, until the end.
func (l *Live) install() {
	for first := true; ; first = false {
		link := l.connected(first)
		if link == nil {
			return
		}
		l.with(link)
		link.Close()
	}
}

// ended reports whether nothing new is to be begun.
func (l *Live) ended() bool {
	select {
	case <-l.end:
		return true
	default:
		return false
	}
}

// connected waits for the runtime; nil at the end. That it is not there is said once, at first:
// later lost did.
func (l *Live) connected(first bool) Link {
	said := ""
	for pause := lookAgain; !l.ended(); {
		link, err := l.o.Runtime.Connect(l.ctx)
		if err == nil {
			return link
		}
		if l.ctx.Err() != nil {
			return nil
		}
		if (first || l.o.Runtime.own()) && err.Error() != said {
			said = err.Error()
			n := l.o.Runtime.absent(err)
			l.warn(nil, finding.LiveGone, n.message, n.hint)
		}
		if l.o.Runtime.own() {
			pause = min(2*pause, startAtLeast)
		}
		select {
		case <-l.end:
		case <-time.After(pause):
		}
	}
	return nil
}

// with does what is to be done as long as link lives.
func (l *Live) with(link Link) {
	ctx, stop := context.WithCancel(l.ctx)
	words := newLogs(link.LogDir()) // before anything is installed: a capsule may speak at once
	var logs sync.WaitGroup
	logs.Go(func() { l.followLogs(ctx, words) })
	defer logs.Wait()
	defer stop()
	for {
		l.mu.Lock()
		s := l.plan.next(time.Now())
		l.mu.Unlock()
		switch {
		case l.ended() && (s.install == nil || !s.install.putBack):
			return
		case s.install != nil:
			if !l.deliver(link, s.install) {
				return
			}
			continue
		case s.renew:
			l.renew()
			return
		}
		if !l.pause(link, s) {
			return
		}
	}
}

// pause waits until there may be something to do, and reports whether link still lives.
func (l *Live) pause(link Link, s step) bool {
	var due <-chan time.Time
	if s.next != nil {
		l.sayWait(s)
		timer := time.NewTimer(s.wait)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-l.end:
	case <-l.wake:
	case <-due:
	case <-link.Gone():
		l.lost(nil)
		return false
	}
	return true
}

// renew has a fresh private runtime take the place of one that takes no more installs.
func (l *Live) renew() {
	l.o.Runtime.Renew()
	l.mu.Lock()
	apart := l.plan.apart() && !l.apart
	l.apart = l.apart || apart
	l.plan.gone(nil, freshReason)
	l.mu.Unlock()
	if apart {
		l.warn(nil, finding.LivePaced, fmt.Sprintf("the runtime takes %d installs a minute: a fresh private one goes on, and has only what changes from now on", daemon.MaxInstalls),
			"watch fewer capsules where they are to be in one runtime")
	}
}

// lost takes in that the runtime went away, while it installed o, or with nil while it did
// nothing for us.
func (l *Live) lost(o *offer) {
	said, reason := l.o.Runtime.ended(), backReason
	if l.o.Runtime.own() {
		reason = freshReason
	}
	if o != nil {
		said.message += " while it installed " + o.name
	}
	l.warn(nil, finding.LiveGone, said.message, said.hint)
	l.mu.Lock()
	again := l.plan.gone(o, reason)
	if again {
		l.plan.refuse(o, time.Now(), false, !l.o.Runtime.own())
	}
	l.mu.Unlock()
	if again {
		l.sayFailed(o, "the runtime went away twice while it installed it", "it is not tried again until it changes", nil)
	}
}

// deliver installs o and says what came of it. It reports whether link still lives.
func (l *Live) deliver(link Link, o *offer) bool {
	parcel, missing, err := l.prepare(link, o)
	if err == nil && len(missing) > 0 {
		l.refuse(link, o, false, false)
		l.sayFailed(o, missing[0].Message, missing[0].Hint, missing)
		return true
	}
	kept := ""
	if err == nil {
		kept, err = l.meet(link, o)
	}
	var answer *daemon.Answer
	if err == nil {
		answer, err = link.Install(l.ctx, parcel)
	}
	switch {
	case l.ctx.Err() != nil:
		l.warn(o, finding.LiveUnknown, "the runtime had not answered to the install of "+o.name+" when this ended", "start again: it is installed anew then")
		return false
	case errors.Is(err, daemon.ErrLimited):
		l.block(othersInstall)
	case errors.Is(err, daemon.ErrBusy):
		l.block(busyFor)
	case errors.Is(err, daemon.ErrGone):
		l.lost(o)
		return false
	case err != nil:
		l.refuse(link, o, false, false)
		l.sayFailed(o, err.Error(), "", nil)
	case answer.Loaded:
		l.mu.Lock()
		l.plan.installed(o, time.Now())
		l.waits = ""
		l.mu.Unlock()
		l.o.Say(o.dir, o.name, l.liveEvent(o, o.reason, answer))
	default:
		l.sayFailed(o, answer.Findings[0].Message, answer.Findings[0].Hint, answer.Findings)
		l.refuse(link, o, true, l.keeps(link, o, kept))
	}
	return true
}

// block lets no install go for a while.
func (l *Live) block(while time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plan.limit.block(time.Now(), while)
}

// prepare is o as the runtime is given it.
func (l *Live) prepare(link Link, o *offer) (daemon.Parcel, []finding.Finding, error) {
	p := daemon.Parcel{Name: o.name, Folder: o.folder}
	if o.archive != nil {
		p.Archive = func(w io.Writer) error {
			_, err := w.Write(o.archive)
			return err
		}
	}
	if o.manifest == nil || len(o.manifest.Env) == 0 {
		return p, nil, nil
	}
	var kept map[string]bool
	if !l.o.Runtime.own() {
		var err error
		if kept, err = link.Keys(l.ctx, o.name); err != nil {
			return p, nil, err
		}
	}
	var missing []finding.Finding
	p.Values, missing = daemon.ValuesOf(o.manifest, l.o.Values, kept)
	return p, missing, nil
}

// meet is what the user's runtime keeps of o's capsule before it is installed. At the first
// time a copy is made of it: that is the last good one then.
func (l *Live) meet(link Link, o *offer) (digest string, err error) {
	if !l.plan.rolls {
		return "", nil
	}
	digest, err = link.Installed(l.ctx, o.name)
	l.mu.Lock()
	c := l.plan.of(o.dir)
	known := c.good != nil || c.had
	l.mu.Unlock()
	if err != nil || digest == "" || known {
		return digest, err
	}
	folder, err := link.Package(o.name, digest)
	if err != nil {
		l.warn(o, finding.LivePutBack, "the package of "+o.name+" that the runtime has cannot be kept: "+err.Error(),
			"where the runtime refuses what is built next, nothing is put back")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plan.met(o.dir, &offer{dir: o.dir, name: o.name, folder: folder, digest: "had:" + digest})
	return digest, nil
}

// keeps reports whether the runtime keeps another package than it did before it refused o.
func (l *Live) keeps(link Link, o *offer, before string) bool {
	if !l.plan.rolls {
		return false
	}
	now, err := link.Installed(l.ctx, o.name)
	return err != nil || now != before // in doubt it is put back
}

// refuse tells the plan that the runtime does not run o, and takes the capsule out of a runtime
// that had none of it before.
func (l *Live) refuse(link Link, o *offer, asked, kept bool) {
	l.mu.Lock()
	remove := l.plan.refuse(o, time.Now(), asked, kept)
	l.mu.Unlock()
	switch {
	case o.putBack:
		l.warn(o, finding.LivePutBack, "the last good package of "+o.name+" was not taken back", "install a good one: the next start of the runtime would load what it refused")
	case !remove:
	default:
		if err := link.Remove(l.ctx, o.name); err != nil {
			l.warn(o, finding.LivePutBack, o.name+" cannot be taken out of the runtime again: "+err.Error(), "astrid capsule remove "+o.name)
			return
		}
		l.warn(o, finding.LiveRemoved, o.name+" was taken out of the runtime again, which had none before", "")
	}
}

// sayWait says, once for each wait, when the next install goes.
func (l *Live) sayWait(s step) {
	l.mu.Lock()
	again := l.waits == s.next.dir
	l.waits = s.next.dir
	l.mu.Unlock()
	if !again {
		l.warn(s.next, finding.LivePaced, fmt.Sprintf("the runtime takes %d installs a minute: the next one goes in %s", daemon.MaxInstalls, text.Seconds(s.wait.Milliseconds())), "")
	}
}
