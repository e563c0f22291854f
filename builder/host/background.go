package host

import (
	"encoding/base32"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// Programs that outlive the instance which started them (host/process/persistent): they are known by an
// identity, and end with the world at the latest.

// Limits of host/process/persistent/config.rs.
const (
	minRing, defaultRing, maxRing = 4096, 1 << 20, 8 << 20
	maxStdinWrite                 = 1 << 20
	maxReadSince                  = 4 << 20
	maxRetained                   = 32
	maxLabel                      = 128
	maxLifetime                   = 6 * time.Hour
	defaultIdle                   = 30 * time.Minute
	defaultRetention              = 5 * time.Minute
	maxRetention                  = time.Hour
	defaultGrace                  = 5 * time.Second
	maxGrace                      = 30 * time.Second
)

// spawnPersistent starts one for the caller, who must be known.
func (p processes) spawnPersistent(r spawn) (string, error) {
	if err := p.may("spawn-persistent", r.Cmd); err != nil {
		return "", err
	}
	if !p.options.Capabilities.AllowPersistent {
		return "", p.denied("astrid:process/host.spawn-persistent", r.Cmd, "[capabilities] allow_persistent = true")
	}
	if p.message == nil || p.message.Principal == "" {
		return "", fail("persist-unsupported")
	}
	switch {
	case r.IdleTimeoutMs != nil && *r.IdleTimeoutMs == 0:
		return "", fail("invalid-input")
	case r.Stdin != nil && len(*r.Stdin) > maxStdin:
		return "", fail("too-large")
	case len(p.mine()) >= maxRetained:
		return "", fail("registry-full")
	case p.handles()+p.live() >= maxBackground:
		return "", fail("quota")
	}
	limit := defaultRing
	if r.LogRingBytes != nil {
		limit = min(max(int(*r.LogRingBytes), minRing), maxRing)
	}
	holds := r.Overflow != nil && *r.Overflow == "backpressure"
	keep := r.KeepStdinOpen != nil && *r.KeepStdinOpen
	one, err := p.start(r, newRing(limit, holds), newRing(limit, holds), keep || r.Stdin != nil)
	if err != nil {
		return "", spawnError("spawn-persistent", err)
	}
	if err := one.prelude(r.Stdin, keep); err != nil {
		one.Close()
		return "", unknown("spawn-persistent: stdin prelude write failed")
	}
	command := r.Cmd + " " + strings.Join(r.Args, " ")
	one.persistent = &persistent{id: p.identity(), command: command, label: label(r.Label, command), principal: p.principal(), touched: time.Now(),
		lifetime: period(r.MaxLifetimeMs, maxLifetime, maxLifetime), idle: period(r.IdleTimeoutMs, defaultIdle, maxLifetime), retention: period(r.ExitRetentionMs, defaultRetention, maxRetention)}
	p.programs = append(p.programs, one)
	return one.persistent.id, nil
}

// may holds a program against the manifest, and against what a person allowed.
func (p processes) may(function, cmd string) error {
	declared := func(d string) bool { return cmd == d || strings.HasPrefix(cmd, d+" ") }
	if !slices.ContainsFunc(p.options.Capabilities.HostProcess, declared) {
		return p.denied("astrid:process/host."+function, cmd, `[capabilities] host_process = ["`+cmd+`"]`)
	}
	if !p.options.AllowProcess {
		return p.denied("astrid:process/host."+function, cmd, "--allow-process")
	}
	return nil
}

// handles is how many programs the guest holds by a handle.
func (p processes) handles() (n int) {
	for _, r := range p.resources {
		if _, ok := r.(*program); ok {
			n++
		}
	}
	return n
}

// prelude writes what is to be read first, and closes the pipe where nothing more is to come.
func (o *program) prelude(first *[]byte, keep bool) (err error) {
	if first != nil {
		err = o.feed(*first)
	}
	if !keep {
		o.closeStdin()
	}
	return err
}

// feed writes to a program. One that does not read has its pipe closed after a while.
func (o *program) feed(b []byte) error {
	pipe := o.stdin
	timer := time.AfterFunc(processLimit, func() { pipe.Close() })
	defer timer.Stop()
	_, err := pipe.Write(b)
	return err
}

func (o *program) closeStdin() {
	if o.stdin != nil {
		o.stdin.Close()
		o.stdin = nil
	}
}

// period is a time that was asked for, at most the most.
func period(ms *uint64, none, most time.Duration) time.Duration {
	if ms == nil {
		return none
	}
	return min(time.Duration(min(*ms, uint64(most/time.Millisecond)))*time.Millisecond, most)
}

// label is what a program is called, the command where nothing was asked for.
func label(asked *string, command string) string {
	if asked != nil {
		command = *asked
	}
	var b strings.Builder
	for _, c := range command {
		if unicode.IsControl(c) {
			continue
		}
		if b.Len()+len(string(c)) > maxLabel {
			break
		}
		b.WriteRune(c)
	}
	return b.String()
}

// identity is the name of a new program, from the world's own randomness.
func (p processes) identity() string {
	var b [32]byte
	_, _ = p.random.Read(b[:])
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
}

// reap ends what has lived too long, or was not looked at, and forgets what ended long ago (reap_sweep).
func (p processes) reap() {
	now := time.Now()
	p.World.programs = slices.DeleteFunc(p.programs, func(o *program) bool {
		over := now.Sub(o.begun) >= o.persistent.lifetime || now.Sub(o.persistent.touched) >= o.persistent.idle
		if o.end() != nil {
			over = now.Sub(o.ended) >= o.persistent.retention
		}
		if over {
			o.Close()
		}
		return over
	})
}

// mine are the caller's programs.
func (p processes) mine() (list []*program) {
	p.reap()
	for _, o := range p.programs {
		if o.persistent.principal == p.principal() {
			list = append(list, o)
		}
	}
	return list
}

// live is how many of them run.
func (p processes) live() (n int) {
	for _, o := range p.mine() {
		if o.end() == nil {
			n++
		}
	}
	return n
}

// named is the caller's program of an identity.
func (p processes) named(id string) (*program, bool) {
	for _, o := range p.mine() {
		if o.persistent.id == id {
			return o, true
		}
	}
	return nil, false
}

// by gives a function the program of an identity, and notes that it was looked at.
func by[T any](p processes, id string, do func(*program) (T, error)) (T, error) {
	o, ok := p.named(id)
	if !ok {
		var none T
		return none, fail("no-such-process")
	}
	o.persistent.touched = time.Now()
	return do(o)
}

// done is by for what answers nothing.
func (p processes) done(id string, do func(*program) error) error {
	_, err := by(p, id, func(o *program) (struct{}, error) { return struct{}{}, do(o) })
	return err
}

func (o *program) info() processInfo {
	i := processInfo{Id: o.persistent.id, Label: o.persistent.label, Command: o.persistent.command, Phase: "exited", Exit: o.end(),
		AgeMs: uint64(time.Since(o.begun).Milliseconds()), IdleMs: uint64(time.Since(o.persistent.touched).Milliseconds()), StdinOpen: o.stdin != nil}
	if i.Exit == nil {
		pid := uint32(o.cmd.Process.Pid)
		i.Phase, i.OsPid = "running", &pid
	}
	for _, r := range []*ring{o.out, o.err} {
		n, dropped := r.held()
		i.BufferedBytes, i.BytesDropped = i.BufferedBytes+uint64(n), i.BytesDropped+dropped
	}
	return i
}

func (p processes) list(filter *string) ([]processInfo, error) {
	list := []processInfo{}
	for _, o := range p.mine() {
		if filter == nil || strings.Contains(o.persistent.label, *filter) {
			list = append(list, o.info())
		}
	}
	return list, nil
}

func (p processes) statusMany(ids []string) ([]processInfo, error) {
	list := []processInfo{}
	for _, id := range ids {
		if o, ok := p.named(id); ok {
			list = append(list, o.info())
		}
	}
	return list, nil
}

func (p processes) readSince(id string, of logStream, from logCursor, most uint32) (logChunk, error) {
	return by(p, id, func(o *program) (c logChunk, err error) {
		var at *uint64
		if from.Token != nil {
			offset, err := strconv.ParseUint(*from.Token, 16, 64)
			if err != nil {
				return c, fail("no-such-process")
			}
			at = &offset
		}
		r, exited := o.out, o.end() != nil // before: what it says at its end is there then
		if of == "stderr" {
			r = o.err
		}
		data, next, lost, all := r.since(at, int(min(most, maxReadSince)))
		token := fmt.Sprintf("%016x", next)
		return logChunk{Data: data, Next: logCursor{&token}, BytesDropped: lost, DrainedEof: exited && all}, nil
	})
}

// writeStdin hands bytes to a program. One that does not read them has its pipe closed.
func (p processes) writeStdin(id string, b []byte) (uint32, error) {
	if len(b) > maxStdinWrite {
		return 0, fail("too-large")
	}
	return by(p, id, func(o *program) (uint32, error) {
		if o.stdin == nil || o.end() != nil {
			return 0, fail("closed")
		}
		if o.feed(b) != nil {
			o.closeStdin()
			return 0, fail("closed")
		}
		return uint32(len(b)), nil
	})
}

func (p processes) wait(id string, ms uint64) (exitInfo, error) {
	return by(p, id, func(o *program) (exitInfo, error) {
		if e := o.within(time.Duration(min(ms, uint64(processLimit/time.Millisecond))) * time.Millisecond); e != nil {
			return *e, nil
		}
		return exitInfo{}, fail("wait-timeout")
	})
}

// stop ends a program, first politely, and forgets it.
func (p processes) stop(id string, grace *uint64) (exitInfo, error) {
	return by(p, id, func(o *program) (exitInfo, error) {
		_ = signalled(o, "term", true)
		o.within(period(grace, defaultGrace, maxGrace))
		o.Close()
		p.forget(o)
		return *o.end(), nil
	})
}

func (p processes) forget(one *program) {
	p.World.programs = slices.DeleteFunc(p.programs, func(o *program) bool { return o == one })
}

func (p processes) release(id string) error {
	o, ok := p.named(id)
	switch {
	case !ok:
		return nil
	case o.end() == nil:
		return fail("invalid-input")
	}
	p.forget(o)
	return nil
}

func (p processes) persistentFunctions() functions {
	return functions{
		"attach": func(string) (abi.Rep, error) {
			return 0, unknown("attach: resource-handle materialisation pending — use the id-keyed ops")
		},
		"list-processes": p.list,
		"status": func(id string) (processInfo, error) {
			if o, ok := p.named(id); ok { // to be asked for is no touch
				return o.info(), nil
			}
			return processInfo{}, fail("no-such-process")
		},
		"status-many": p.statusMany,
		"read-logs": func(id string) (readLogsResult, error) {
			return by(p, id, func(o *program) (readLogsResult, error) {
				e := o.end()
				return readLogsResult{Stdout: o.out.drain(), Stderr: o.err.drain(), Running: e == nil, Exit: e}, nil
			})
		},
		"read-since":  p.readSince,
		"write-stdin": p.writeStdin,
		"close-stdin": func(id string) error {
			return p.done(id, func(o *program) error { o.closeStdin(); return nil })
		},
		"signal": func(id string, name processSignal) error {
			return p.done(id, func(o *program) error { return signalled(o, name, true) })
		},
		"wait":            p.wait,
		"stop":            p.stop,
		"release-process": p.release,
		"watch": func(string, *string) error {
			return unknown("watch: host lifecycle events deferred (publish-authority — RFC host_abi)")
		},
		"unwatch": func(string) error { return nil },
	}
}
