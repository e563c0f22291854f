package reader

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"
)

//go:embed reader.wasm
var code []byte

//go:embed reader.wasm.b3
var hash string

// Hash is the BLAKE3 hash of reader.wasm, in hexadecimal: the reader's identity.
func Hash() string { return strings.TrimSpace(hash) }

// memoryPages is what one call may use: 512 MiB. A module of 40 MB needs two fifths of it.
const memoryPages = 1 << 13

// Reader is a compiled reader.wasm. It may be used by several goroutines at once: each call
// has an instance of its own. Close frees it.
type Reader struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	memories memories
}

// New compiles the reader, in about a second, or takes it from the cache folder in about
// 40 ms. An empty folder, or one that cannot be used, means no cache. The folder may be
// shared by processes. A call ends with its context.
func New(ctx context.Context, cache string) (*Reader, error) { return newReader(ctx, cache, true) }

func newReader(ctx context.Context, cache string, ends bool) (*Reader, error) {
	if cache != "" {
		if r, err := compile(ctx, cache, ends); err == nil {
			return r, nil
		}
	}
	return compile(ctx, "", ends)
}

func compile(ctx context.Context, cache string, ends bool) (*Reader, error) {
	config := wazero.NewRuntimeConfig().
		WithMemoryLimitPages(memoryPages).
		WithCloseOnContextDone(ends).
		WithDebugInfoEnabled(false)
	if cache != "" {
		folder, err := ownFolder(cache)
		if err != nil {
			return nil, err
		}
		c, err := wazero.NewCompilationCacheWithDir(folder)
		if err != nil {
			return nil, err
		}
		config = config.WithCompilationCache(c)
	}
	r := wazero.NewRuntimeWithConfig(ctx, config)
	compiled, err := r.CompileModule(ctx, code)
	if err != nil {
		r.Close(ctx)
		return nil, fmt.Errorf("compiling the reader of WebAssembly: %w", err)
	}
	return &Reader{runtime: r, compiled: compiled, memories: memories{keep: !ends}}, nil
}

// ownFolder is this reader's folder in the cache; those of other versions are removed.
func ownFolder(cache string) (string, error) {
	const prefix = "reader-"
	name := prefix + Hash()[:16]
	folder := filepath.Join(cache, name)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return "", err
	}
	others, _ := filepath.Glob(filepath.Join(cache, prefix+"*"))
	for _, other := range others {
		if filepath.Base(other) != name {
			_ = os.RemoveAll(other) // in use elsewhere: it is compiled again there
		}
	}
	return folder, nil
}

// ErrMemory is the error of a call that needed more than its memory.
var ErrMemory = errors.New("reading it needs more than 512 MiB of memory")

// BrokenError is a call that the reader did not come to the end of: a fault of the reader's own.
type BrokenError struct{ Message string }

func (e *BrokenError) Error() string { return "the reader of WebAssembly broke: " + e.Message }

// request is what src/lib.rs calls Request.
type request struct {
	Op       string            `json:"op"`
	Describe bool              `json:"describe,omitempty"`
	Features []string          `json:"features,omitempty"`
	Sandbox  []string          `json:"sandbox,omitempty"`
	Plan     bool              `json:"plan,omitempty"`
	Tables   uint64            `json:"tables,omitempty"`
	Offered  map[string]string `json:"offered,omitempty"`
	Known    []int             `json:"known,omitempty"`
	Checked  bool              `json:"checked,omitempty"`
	Split    int               `json:"split,omitempty"`
}

// call carries out one request, and decodes the answer's JSON into answer. It returns a
// copy of the bytes that the JSON speaks of.
func (r *Reader) call(ctx context.Context, q request, answer any, inputs ...[]byte) ([]byte, error) {
	ctx = experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(r.memories.allocate))
	m, err := r.runtime.InstantiateModule(ctx, r.compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		return nil, fmt.Errorf("starting the reader of WebAssembly: %w", err)
	}
	defer m.Close(ctx)
	head, err := json.Marshal(q)
	if err != nil {
		return nil, err
	}
	address, n, err := send(ctx, m, head, inputs)
	if err != nil {
		return nil, err
	}
	if _, err := m.ExportedFunction("call").Call(ctx, uint64(address), uint64(n)); err != nil {
		return nil, broken(ctx, m, err)
	}
	text, err := receive(ctx, m, "answer")
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return nil, &BrokenError{"its answer cannot be read: " + err.Error()}
	}
	tail, err := receive(ctx, m, "tail")
	return bytes.Clone(tail), err
}

// send writes a request into the reader's memory and returns where it lies.
func send(ctx context.Context, m api.Module, head []byte, inputs [][]byte) (address uint32, n int, err error) {
	parts := append([][]byte{binary.LittleEndian.AppendUint32(nil, uint32(len(head))), head}, inputs...)
	for _, p := range parts {
		n += len(p)
	}
	out, err := m.ExportedFunction("alloc").Call(ctx, uint64(n))
	if err != nil {
		return 0, 0, broken(ctx, m, err)
	}
	address = uint32(out[0])
	at := address
	for _, p := range parts {
		if !m.Memory().Write(at, p) {
			return 0, 0, ErrMemory
		}
		at += uint32(len(p))
	}
	return address, n, nil
}

// receive returns a view of what the last call left under a name.
func receive(ctx context.Context, m api.Module, name string) ([]byte, error) {
	address, err := m.ExportedFunction(name + "_address").Call(ctx)
	if err != nil {
		return nil, err
	}
	length, err := m.ExportedFunction(name + "_length").Call(ctx)
	if err != nil {
		return nil, err
	}
	b, ok := m.Memory().Read(uint32(address[0]), uint32(length[0]))
	if !ok {
		return nil, &BrokenError{"its answer lies outside its memory"}
	}
	return b, nil
}

// broken tells a call that ran out of memory or time from one that met a fault.
func broken(ctx context.Context, m api.Module, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	// A panic leaves its message. What ends without one could not allocate.
	message, readErr := receive(ctx, m, "answer")
	switch {
	case readErr == nil && len(message) > 0:
		return &BrokenError{strings.Join(strings.Fields(string(message)), " ")}
	case strings.Contains(err.Error(), "unreachable"):
		return ErrMemory
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	return &BrokenError{line}
}
