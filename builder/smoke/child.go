package smoke

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

const (
	childArgument = "__smoke" // hidden first argument of the binary
	// Start of the child, reading the file, writing the report: 30 ms measured, two
	// seconds on a machine that swaps.
	childSlack = 2 * time.Second
	// A report of a module with 20,000 imports is about 3 MB.
	maxResult = 16 << 20
	// Larger than any capsule by far; reading more would only fill the memory.
	maxFile = 256 << 20
)

// LoadFile examines the module in path in a child process with an address-space,
// processor and time limit. Whatever the child does, the result is a report: a child that
// died or answered nonsense is a finding "smoke-child". The error is for a file that
// cannot be read, or a child that could not be started. The binary's main, and TestMain
// of a test, must call Main first.
func LoadFile(ctx context.Context, path string, o Options) (*Report, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("smoke-loading: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("smoke-loading %q: not a regular file", path)
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("smoke-loading %q: finding this program: %w", path, err)
	}
	o.Limits = o.Limits.withDefaults()
	return runChild(ctx, []string{self, childArgument, path}, o, info.Size())
}

func runChild(ctx context.Context, argv []string, o Options, size int64) (*Report, error) {
	options, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("smoke-loading: writing options: %w", err)
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, o.Limits.Wall+childSlack)
	defer cancel()
	out, errs := &bounded{limit: maxResult}, &capture{limit: defaultOutput}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(options), out, errs
	cmd.Env = []string{}
	cmd.WaitDelay = time.Second
	err = cmd.Run()
	r := &Report{}
	if json.Unmarshal(out.Bytes(), r) != nil || r.Verdict == "" || out.cut {
		text, _ := errs.text()
		r = &Report{Size: size, Declared: o.Declared}
		r.fail("smoke-child", fmt.Sprintf("the child that loads it ended without a report: %v", err), "")
		r.Stderr = text
	}
	r.Times.Total = millis(time.Since(start))
	return r, nil
}

// bounded is a buffer that refuses to grow beyond limit.
type bounded struct {
	bytes.Buffer
	limit int
	cut   bool
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		b.cut = true
		return len(p), nil
	}
	return b.Buffer.Write(p)
}

// Main is the child's side: with args (os.Args without the program) that begin with
// the hidden argument it loads the module and writes the report to standard output. Every
// program that calls LoadFile calls it before anything else and exits with code when handled.
func Main(args []string) (code int, handled bool) {
	if len(args) != 2 || args[0] != childArgument {
		return 0, false
	}
	if err := serve(args[1], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, strings.TrimSpace(err.Error()))
		return 1, true
	}
	return 0, true
}

func serve(path string, in io.Reader, out io.Writer) error {
	var o Options
	if err := json.NewDecoder(in).Decode(&o); err != nil {
		return fmt.Errorf("reading options: %w", err)
	}
	module, err := readModule(path)
	var r *Report
	if errors.Is(err, errTooLarge) {
		r = &Report{}
		r.fail("smoke-size", err.Error(), "leave out debug information and embedded data")
	} else if err != nil {
		return err
	} else {
		r = Load(context.Background(), module, o)
	}
	return json.NewEncoder(out).Encode(r)
}

var errTooLarge = fmt.Errorf("the file is larger than %d MiB", maxFile>>20)

func readModule(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFile {
		return nil, errTooLarge
	}
	// The size is known, so that the file is read into one allocation.
	b := make([]byte, info.Size())
	n, err := io.ReadFull(f, b)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return b[:n], nil
}
