package component

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"testing"
)

// skip ends a test that lacks a tool; where skips are forbidden it fails instead.
func skip(t testing.TB, missing string) {
	t.Helper()
	if os.Getenv("ASTRID_DEV_NO_SKIP") != "" {
		t.Fatalf("missing: %s", missing)
	}
	t.Skipf("missing: %s", missing)
}

// cacheDir is where what is costly to make is kept between runs, by the hash of what it is
// made from.
func cacheDir(t testing.TB, kind string, inputs ...[]byte) string {
	t.Helper()
	base, err := os.UserCacheDir()
	if err != nil {
		skip(t, "a cache folder: "+err.Error())
	}
	h := sha256.New()
	for _, in := range inputs {
		h.Write(uleb(uint64(len(in))))
		h.Write(in)
	}
	return filepath.Join(base, "astrid-dev-test", "component-"+kind+"-"+hex.EncodeToString(h.Sum(nil)[:8]))
}

// cached makes a folder once: make fills a fresh one, which then takes its place at once, so
// that a test that was killed or runs beside leaves nothing half made.
func cached(t testing.TB, dir string, fill func(fresh string)) string {
	t.Helper()
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "making-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(fresh)
	fill(fresh)
	if err := os.Rename(fresh, dir); err != nil {
		if _, err2 := os.Stat(dir); err2 != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// oracleFiles are what the installation of the oracle depends on.
var oracleFiles = []string{"package.json", "package-lock.json"}

// oracleDir is the folder in which the oracle is installed.
func oracleDir(t testing.TB) string {
	t.Helper()
	for _, tool := range []string{"node", "npm"} {
		if _, err := exec.LookPath(tool); err != nil {
			skip(t, tool+", for the independent decoder")
		}
	}
	var inputs [][]byte
	for _, f := range oracleFiles {
		inputs = append(inputs, read(t, filepath.Join("testdata/oracle", f)))
	}
	return cached(t, cacheDir(t, "oracle", inputs...), func(fresh string) {
		for i, f := range oracleFiles {
			if err := os.WriteFile(filepath.Join(fresh, f), inputs[i], 0o644); err != nil {
				t.Fatal(err)
			}
		}
		// Not "npm ci": it wants the optional packages of every platform in the lock file.
		c := exec.Command("npm", "install", "--loglevel=error", "--ignore-scripts", "--no-audit", "--no-fund")
		c.Dir = fresh
		if out, err := c.CombinedOutput(); err != nil {
			skip(t, "the independent decoder: npm install: "+err.Error()+": "+string(out[:min(len(out), 2000)]))
		}
	})
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// oracle is a running independent tool; it is started again after a request that kills it.
type oracle struct {
	t      testing.TB
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	deaths int
}

// question and answer are the lines exchanged with testdata/oracle/oracle.mjs.
type question struct {
	Op      string `json:"op"`
	Data    []byte `json:"data,omitempty"`
	Text    string `json:"text,omitempty"`
	WIT     string `json:"wit,omitempty"`
	Path    string `json:"path,omitempty"`
	Adapter bool   `json:"adapter,omitempty"`
	Sync    bool   `json:"sync,omitempty"`
	Stub    bool   `json:"stub,omitempty"`
}

type answer struct {
	Data  []byte `json:"data"`
	Text  string `json:"text"`
	Error string `json:"error"`
	Fatal bool   `json:"fatal"`
}

func newOracle(t testing.TB) *oracle {
	t.Helper()
	o := &oracle{t: t}
	o.start(oracleDir(t))
	t.Cleanup(o.stop)
	return o
}

func (o *oracle) start(dir string) {
	o.t.Helper()
	o.cmd = exec.Command("node", "testdata/oracle/oracle.mjs", dir)
	var err error
	if o.in, err = o.cmd.StdinPipe(); err != nil {
		o.t.Fatal(err)
	}
	out, err := o.cmd.StdoutPipe()
	if err != nil {
		o.t.Fatal(err)
	}
	o.out = bufio.NewReaderSize(out, 1<<20)
	if err := o.cmd.Start(); err != nil {
		o.t.Fatal(err)
	}
}

func (o *oracle) stop() {
	o.in.Close()
	o.cmd.Wait() // a request that killed it has been reported already
}

// ask sends a question and waits for its answer.
func (o *oracle) ask(q question) (a answer) {
	o.t.Helper()
	if err := json.NewEncoder(o.in).Encode(q); err != nil {
		o.t.Fatalf("asking for %s: %v", q.Op, err)
	}
	for {
		line, err := o.out.ReadBytes('\n')
		if err != nil {
			o.t.Fatalf("answer to %s: %v", q.Op, err)
		}
		// The tools print notes of their own on standard output.
		if bytes.HasPrefix(line, []byte("{")) && json.Unmarshal(line, &a) == nil {
			break
		}
	}
	if a.Fatal {
		o.deaths++
		o.stop()
		o.start(oracleDir(o.t))
	}
	return a
}

// must asks a question that must have an answer.
func (o *oracle) must(q question) answer {
	o.t.Helper()
	a := o.ask(q)
	if a.Error != "" {
		o.t.Fatalf("%s: %s", q.Op, a.Error)
	}
	return a
}

// invalid tells whether the oracle's validator refused a component. It complains with an
// offset; what it says without one is about WIT, which a valid component need not have.
func (a answer) invalid() bool { return strings.Contains(a.Error, "(at offset 0x") }

// TestAssembledSeeds holds the binaries in testdata/wat to their texts.
func TestAssembledSeeds(t *testing.T) {
	o := newOracle(t)
	files, err := filepath.Glob("testdata/wat/*.wat")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d texts, %v", len(files), err)
	}
	for _, f := range files {
		b := o.must(question{Op: "parse", Text: string(read(t, f))}).Data
		kept := strings.TrimSuffix(f, ".wat") + ".bin"
		if !bytes.Equal(b, read(t, kept)) {
			t.Errorf("%s is not what %s assembles to (%d bytes)", kept, f, len(b))
		}
	}
}
