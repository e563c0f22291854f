package host

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// processes is astrid:process/host 1.0 and 1.1 (host/process). A program that the manifest
// declares runs only with --allow-process, because it may do everything: the runtime puts it
// into a sandbox of the system, and there is none here. Programs in the background are not
// run at all.
type processes struct{ *World }

// Limits of host/process/mod.rs, and of what is kept of an output.
const (
	maxStdin     = 4 << 20
	maxOutput    = 10 << 20
	processLimit = 60 * time.Second
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
	return spawn{Cmd: s.Cmd, Args: s.Args, Stdin: s.Stdin, Env: s.Env, Cwd: s.Cwd, Limits: s.Limits, Label: s.Label}
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

func (p processes) spawn(r spawn) (processResult, error) {
	if r.Stdin != nil && len(*r.Stdin) > maxStdin {
		return processResult{}, fail("too-large")
	}
	if err := p.may("spawn", r.Cmd); err != nil {
		return processResult{}, err
	}
	if len(r.FileInjections) > 0 {
		return processResult{}, unknown("the sandbox injects no files")
	}
	path, err := lookPath(r.Cmd, p.options.Path)
	if err != nil {
		return processResult{}, unknown("spawn failed: " + err.Error())
	}
	ctx, cancel := context.WithTimeout(context.Background(), processLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, r.Args...)
	cmd.Dir, cmd.WaitDelay = p.options.Cwd, time.Second
	cmd.Env = []string{"PATH=" + p.options.Path}
	for _, e := range r.Env {
		cmd.Env = append(cmd.Env, e.Key+"="+e.Value)
	}
	if r.Stdin != nil {
		cmd.Stdin = bytes.NewReader(*r.Stdin)
	}
	var stdout, stderr capped
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return processResult{}, unknown("exec failed: " + err.Error())
	}
	result := processResult{Stdout: stdout.String(), Stderr: stderr.String()}
	if code := int32(cmd.ProcessState.ExitCode()); code >= 0 {
		result.Exit.ExitCode = &code
	}
	return result, nil
}

// lookPath finds a program in path, as the runtime's shell would.
func lookPath(name, path string) (string, error) {
	if strings.ContainsRune(name, '/') {
		return name, nil
	}
	for _, dir := range filepath.SplitList(path) {
		if found, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return found, nil
		}
	}
	return "", exec.ErrNotFound
}

// capped keeps the beginning of an output.
type capped struct{ bytes.Buffer }

func (c *capped) Write(b []byte) (int, error) {
	c.Buffer.Write(b[:min(len(b), maxOutput-c.Len())])
	return len(b), nil
}

func (p processes) background(function, cmd string) error {
	if err := p.may(function, cmd); err != nil {
		return err
	}
	return unknown("the sandbox runs no programs in the background")
}

// common are those that both versions have with the same types. Nothing runs in the
// background, so that every identity is unknown.
func (p processes) common() functions {
	none := func() error { return fail("no-such-process") }
	gone := func() error { return fail("closed") }
	return functions{
		"attach": func(string) (abi.Rep, error) {
			return 0, unknown("attach: resource-handle materialisation pending — use the id-keyed ops")
		},
		"list-processes":  func(*string) ([]processInfo, error) { return nil, nil },
		"status":          func(string) (processInfo, error) { return processInfo{}, none() },
		"status-many":     func([]string) ([]processInfo, error) { return nil, nil },
		"read-logs":       func(string) (readLogsResult, error) { return readLogsResult{}, none() },
		"read-since":      func(string, logStream, logCursor, uint32) (logChunk, error) { return logChunk{}, none() },
		"write-stdin":     func(string, []byte) (uint32, error) { return 0, none() },
		"close-stdin":     func(string) error { return none() },
		"signal":          func(string, processSignal) error { return none() },
		"wait":            func(string, uint64) (exitInfo, error) { return exitInfo{}, none() },
		"stop":            func(string, *uint64) (exitInfo, error) { return exitInfo{}, none() },
		"release-process": func(string) error { return nil },
		"watch": func(string, *string) error {
			return unknown("watch: host lifecycle events deferred (publish-authority — RFC host_abi)")
		},
		"unwatch": func(string) error { return nil },

		"[method]process-handle.read-logs":        func(abi.Rep) (readLogsResult, error) { return readLogsResult{}, gone() },
		"[method]process-handle.write-stdin":      func(abi.Rep, []byte) (uint32, error) { return 0, gone() },
		"[method]process-handle.close-stdin":      func(abi.Rep) error { return gone() },
		"[method]process-handle.signal":           func(abi.Rep, processSignal) error { return gone() },
		"[method]process-handle.kill":             func(abi.Rep) (killResult, error) { return killResult{}, gone() },
		"[method]process-handle.wait":             func(abi.Rep, *uint64) (exitInfo, error) { return exitInfo{}, gone() },
		"[method]process-handle.wait-with-output": func(abi.Rep, *uint64) (processResult, error) { return processResult{}, gone() },
		"[method]process-handle.os-pid":           func(abi.Rep) (uint32, error) { return 0, gone() },
		"[method]process-handle.subscribe-exit":   func(abi.Rep) abi.Rep { return p.alwaysReady() },
		"[method]process-handle.subscribe-logs":   func(abi.Rep) abi.Rep { return p.alwaysReady() },
	}
}

func (p processes) functions() functions {
	all := p.common()
	all["spawn"] = p.spawn
	all["spawn-background"] = func(r spawn) (abi.Rep, error) { return 0, p.background("spawn-background", r.Cmd) }
	all["spawn-persistent"] = func(r spawn) (string, error) { return "", p.background("spawn-persistent", r.Cmd) }
	return all
}

// oldFunctions are those of 1.0.
func (p processes) oldFunctions() functions {
	all := p.common()
	all["spawn"] = func(r oldSpawn) (processResult, error) { return p.spawn(r.now()) }
	all["spawn-background"] = func(r oldSpawn) (abi.Rep, error) { return 0, p.background("spawn-background", r.Cmd) }
	all["spawn-persistent"] = func(r oldSpawn) (string, error) { return "", p.background("spawn-persistent", r.Cmd) }
	return all
}
