package host

import (
	"bytes"
	"errors"
	"os/exec"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// processes is astrid:process/host 1.0 and 1.1 (host/process). A program that the manifest
// declares runs only with --allow-process, because it may do everything: the runtime puts it
// into a sandbox of the system, and there is none here.
type processes struct{ *World }

// Limits of host/process/mod.rs, and of what is kept of an output.
const (
	maxStdin      = 4 << 20
	maxOutput     = 10 << 20
	processLimit  = 60 * time.Second // here a wait without an end has one
	maxBackground = 8                // at once, of both kinds
	handleRing    = 1 << 20          // what is kept of each output for a handle
)

type (
	overflowPolicy string
	processSignal  string
	processPhase   string
	logStream      string
)

type envVar struct{ Key, Value string }

type resourceLimits struct {
	MaxMemoryBytes, MaxCpuSecs *uint64
	MaxPids, MaxOpenFiles      *uint32
}

type fileInjection struct {
	Content   []byte
	Placement abi.Case
}

// oldSpawn is the request of 1.0.
type oldSpawn struct {
	Cmd             string
	Args            []string
	Stdin           *[]byte
	Env             []envVar
	Cwd             *string
	Limits          *resourceLimits
	Label           *string
	KeepStdinOpen   *bool
	Overflow        *overflowPolicy
	LogRingBytes    *uint32
	MaxLifetimeMs   *uint64
	IdleTimeoutMs   *uint64
	ExitRetentionMs *uint64
}

type spawn struct {
	Cmd             string
	Args            []string
	Stdin           *[]byte
	Env             []envVar
	Cwd             *string
	Limits          *resourceLimits
	FileInjections  []fileInjection
	Label           *string
	KeepStdinOpen   *bool
	Overflow        *overflowPolicy
	LogRingBytes    *uint32
	MaxLifetimeMs   *uint64
	IdleTimeoutMs   *uint64
	ExitRetentionMs *uint64
}

func (s oldSpawn) now() spawn {
	return spawn{Cmd: s.Cmd, Args: s.Args, Stdin: s.Stdin, Env: s.Env, Cwd: s.Cwd, Limits: s.Limits, Label: s.Label, KeepStdinOpen: s.KeepStdinOpen,
		Overflow: s.Overflow, LogRingBytes: s.LogRingBytes, MaxLifetimeMs: s.MaxLifetimeMs, IdleTimeoutMs: s.IdleTimeoutMs, ExitRetentionMs: s.ExitRetentionMs}
}

type exitInfo struct{ ExitCode, Signal *int32 }

type processResult struct {
	Stdout, Stderr string
	Exit           exitInfo
}

type readLogsResult struct {
	Stdout, Stderr string
	Running        bool
	Exit           *exitInfo
}

type killResult struct {
	Killed         bool
	Exit           *exitInfo
	Stdout, Stderr string
}

type logCursor struct{ Token *string }

type logChunk struct {
	Data         []byte
	Next         logCursor
	BytesDropped uint64
	DrainedEof   bool
}

type processInfo struct {
	Id, Label, Command          string
	OsPid                       *uint32
	Phase                       processPhase
	Exit                        *exitInfo
	AgeMs, IdleMs               uint64
	BufferedBytes, BytesDropped uint64
	StdinOpen                   bool
	CpuMs, MemBytesPeak         *uint64
}

func (p processes) spawn(r spawn) (processResult, error) {
	if r.Stdin != nil && len(*r.Stdin) > maxStdin {
		return processResult{}, fail("too-large")
	}
	if err := p.may("spawn", r.Cmd); err != nil {
		return processResult{}, err
	}
	cmd, err := p.command(r)
	if err != nil {
		return processResult{}, spawnError("spawn", err)
	}
	if r.Stdin != nil {
		cmd.Stdin = bytes.NewReader(*r.Stdin)
	}
	var stdout, stderr capped
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		return processResult{}, spawnError("spawn", err)
	}
	timer := time.AfterFunc(processLimit, func() { killGroup(cmd.Process) })
	err = cmd.Wait()
	timer.Stop()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return processResult{}, unknown("exec failed: " + err.Error())
	}
	return processResult{Stdout: stdout.String(), Stderr: stderr.String(), Exit: exitInfo{ExitCode: exitOf(cmd.ProcessState).ExitCode}}, nil
}

func (p processes) spawnBackground(r spawn) (abi.Rep, error) {
	if p.handles()+p.live() >= maxBackground {
		return 0, fail("quota")
	}
	if err := p.may("spawn-background", r.Cmd); err != nil {
		return 0, err
	}
	one, err := p.start(r, newRing(handleRing, false), newRing(handleRing, false), false)
	if err != nil {
		return 0, spawnError("spawn-background", err)
	}
	rep, ok := p.add(one)
	if !ok {
		one.Close()
		return 0, unknown("resource table: full")
	}
	return rep, nil
}

// held gives a function the program of a handle.
func held[T any](p processes, self abi.Rep, do func(*program) (T, error)) (T, error) {
	one, ok := get[*program](p.World, self)
	if !ok {
		var none T
		return none, fail("closed")
	}
	return do(one)
}

// handleLogs takes what a program has said. Its exit code is told once (host/process/handle.rs).
func handleLogs(o *program) (readLogsResult, error) {
	r := readLogsResult{Running: !o.known, Exit: &exitInfo{}}
	if e := o.end(); e == nil && !o.known {
		r.Exit = nil
	} else if !o.known {
		r.Running, r.Exit.ExitCode, o.known = false, e.ExitCode, true
	}
	r.Stdout, r.Stderr = o.out.drain(), o.err.drain()
	return r, nil
}

func handleKill(o *program) (killResult, error) {
	r := killResult{Killed: !o.known, Exit: &exitInfo{}}
	if !o.known {
		if e := o.end(); e != nil {
			r.Exit.ExitCode = e.ExitCode
		}
		o.Close()
		o.known = true
	}
	r.Stdout, r.Stderr = o.out.drain(), o.err.drain()
	return r, nil
}

func handleWait(o *program, ms *uint64) (exitInfo, error) {
	if o.known {
		return exitInfo{}, fail("closed")
	}
	limit := processLimit
	if ms != nil {
		limit = time.Duration(min(*ms, uint64(processLimit/time.Millisecond))) * time.Millisecond
	}
	e := o.within(limit)
	if e == nil {
		return exitInfo{}, fail("wait-timeout")
	}
	o.known = true
	return exitInfo{ExitCode: e.ExitCode}, nil
}

// handleFunctions are those of a handle. What the runtime 2026.10.1 has only a name for answers as it
// does there.
func (p processes) handleFunctions() functions {
	pending := func(what string) error { return unknown("ProcessHandle." + what + " port pending") }
	running := func(o *program) (uint32, error) {
		if o.known {
			return 0, fail("closed")
		}
		return uint32(o.cmd.Process.Pid), nil
	}
	return functions{
		"[method]process-handle.read-logs":   func(self abi.Rep) (readLogsResult, error) { return held(p, self, handleLogs) },
		"[method]process-handle.kill":        func(self abi.Rep) (killResult, error) { return held(p, self, handleKill) },
		"[method]process-handle.os-pid":      func(self abi.Rep) (uint32, error) { return held(p, self, running) },
		"[method]process-handle.write-stdin": func(abi.Rep, []byte) (uint32, error) { return 0, pending("write-stdin: stdin pipe storage") },
		"[method]process-handle.close-stdin": func(abi.Rep) error { return pending("close-stdin: stdin pipe storage") },
		"[method]process-handle.wait": func(self abi.Rep, ms *uint64) (exitInfo, error) {
			return held(p, self, func(o *program) (exitInfo, error) { return handleWait(o, ms) })
		},
		"[method]process-handle.signal": func(self abi.Rep, name processSignal) error {
			_, err := held(p, self, func(o *program) (uint32, error) {
				if pid, err := running(o); err != nil {
					return pid, err
				}
				return 0, signalled(o, name, false)
			})
			return err
		},
		"[method]process-handle.wait-with-output": func(abi.Rep, *uint64) (processResult, error) {
			return processResult{}, pending("wait-with-output: atomic drain")
		},
		"[method]process-handle.subscribe-exit": func(abi.Rep) abi.Rep { return p.alwaysReady() },
		"[method]process-handle.subscribe-logs": func(abi.Rep) abi.Rep { return p.alwaysReady() },
	}
}

// common are those that both versions have with the same types.
func (p processes) common() functions {
	all := p.persistentFunctions()
	for name, fn := range p.handleFunctions() {
		all[name] = fn
	}
	return all
}

func (p processes) functions() functions {
	all := p.common()
	all["spawn"] = p.spawn
	all["spawn-background"], all["spawn-persistent"] = p.spawnBackground, p.spawnPersistent
	return all
}

// oldFunctions are those of 1.0.
func (p processes) oldFunctions() functions {
	all := p.common()
	all["spawn"] = func(r oldSpawn) (processResult, error) { return p.spawn(r.now()) }
	all["spawn-background"] = func(r oldSpawn) (abi.Rep, error) { return p.spawnBackground(r.now()) }
	all["spawn-persistent"] = func(r oldSpawn) (string, error) { return p.spawnPersistent(r.now()) }
	return all
}
