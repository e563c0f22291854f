package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/seal"
	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

// verified is a report of one capsule with two modules that passed, and of others of which nothing
// may be said; the modules lie in its folder.
func verified(t *testing.T) (r *report.Report, modules []string) {
	t.Helper()
	root := t.TempDir()
	c := report.Capsule{Name: "cap", Dir: "cap", Verdict: report.Passed, SourceHash: strings.Repeat("a", 64),
		Steps: []report.Step{{Name: report.StepBuild, Verdict: report.Passed}, {Name: report.StepTests, Verdict: report.Passed, Cases: []report.Case{{Name: "greets", File: "tests/a.toml"}}}},
		Proof: &report.Proof{Version: "1.2.3", Key: strings.Repeat("b", 64), Recipe: []string{"rust", "cargo 1.90"}, Began: time.Now(), Ended: time.Now(), Runtimes: []string{"2026.10.1"},
			LinksOn: map[string][]string{"one.wasm": {"2026.9.3", "2026.10.1"}}, SHA256: map[string]string{}}}
	for _, name := range []string{"one.wasm", "two.wasm"} {
		path := filepath.Join(root, "cap", name)
		testkit.Write(t, path, "module "+name)
		id, err := shared.Identify(path)
		testkit.Check(t, err)
		c.Artifacts = append(c.Artifacts, report.Artifact{ID: name, Path: name, Hash: id.BLAKE3, Size: id.Size, Kind: "component"})
		c.Proof.SHA256[name] = id.SHA256
		modules = append(modules, path)
	}
	failed, unbuilt := c, report.Capsule{Dir: "unbuilt", Verdict: report.Passed}
	failed.Dir, failed.Verdict = "failed", report.Failed
	return &report.Report{Tool: report.Tool{Name: "astrid-dev", Version: "1.0"}, Root: root, Capsules: []report.Capsule{c, failed, unbuilt}}, modules
}

// attested writes r's attestations, signed by a new key, whose public half lies beside them.
func attested(t *testing.T, r *report.Report) (file string, key *seal.Key) {
	t.Helper()
	key, err := seal.NewKey()
	testkit.Check(t, err)
	file = filepath.Join(t.TempDir(), "out.intoto.jsonl")
	n, err := Write(t.Context(), file, r, key)
	testkit.Check(t, err)
	if n != 1 {
		t.Fatalf("%d attestations", n)
	}
	return file, key
}

func TestWriteAndRead(t *testing.T) {
	r, modules := verified(t)
	testkit.Git(t, r.Root, "init", "-q")
	testkit.Git(t, r.Root, "add", "-A")
	testkit.Git(t, r.Root, "commit", "-q", "-m", "m")
	testkit.Git(t, r.Root, "remote", "add", "origin", "https://me:secret@example.org/a/b.git")
	commit := testkit.Git(t, r.Root, "rev-parse", "HEAD")
	r.Commit = commit
	file, key := attested(t, r)
	list, err := Read(file, []*seal.Public{&key.Public})
	testkit.Check(t, err)
	if len(list) != 1 || list[0].By != key.ID {
		t.Fatalf("%+v", list)
	}
	text, err := json.Marshal(list[0])
	testkit.Check(t, err)
	for _, want := range []string{`"cap/one.wasm"`, commit, "git+https://example.org/a/b.git", r.Capsules[0].Proof.Key, "cargo 1.90", "2026.9.3", "tests/a.toml: greets", r.Capsules[0].SourceHash, `"dirty":false`} {
		if !bytes.Contains(text, []byte(want)) {
			t.Errorf("it does not say %s: %s", want, text)
		}
	}
	if bytes.Contains(text, []byte("secret")) {
		t.Errorf("it tells a secret: %s", text)
	}
	for _, path := range modules {
		if about, err := About(list, path); err != nil || len(about) != 1 {
			t.Errorf("%s: %v, %v", path, about, err)
		}
	}
	testkit.Write(t, modules[0], "another module")
	if about, err := About(list, modules[0]); err != nil || len(about) > 0 {
		t.Errorf("another module is proven: %v", err)
	}
}

// A commit that was made while the run went on is not what was built.
func TestCommitMeanwhile(t *testing.T) {
	r, _ := verified(t)
	testkit.Git(t, r.Root, "init", "-q")
	testkit.Git(t, r.Root, "add", "-A")
	testkit.Git(t, r.Root, "commit", "-q", "-m", "m")
	r.Commit = testkit.Git(t, r.Root, "rev-parse", "HEAD")
	testkit.Git(t, r.Root, "commit", "-q", "--allow-empty", "-m", "meanwhile")
	file, _ := attested(t, r)
	var e struct{ Payload []byte }
	testkit.Check(t, json.Unmarshal([]byte(testkit.Read(t, file)), &e))
	if !bytes.Contains(e.Payload, []byte(r.Commit)) || !bytes.Contains(e.Payload, []byte(`"dirty":true`)) {
		t.Errorf("it says %s", e.Payload)
	}
}

// What another key signed, what was changed, and what is of another kind proves nothing.
func TestNotProven(t *testing.T) {
	r, _ := verified(t)
	file, key := attested(t, r)
	good := testkit.Read(t, file)
	other, err := seal.NewKey()
	testkit.Check(t, err)
	foreign, err := seal.Sign(key, Type, []byte(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://example.org/x"}`))
	testkit.Check(t, err)
	unsigned, err := seal.Sign(nil, Type, []byte("{}"))
	testkit.Check(t, err)
	for name, c := range map[string]struct {
		text  string
		trust *seal.Key
		want  error
	}{
		"another key":       {good, other, seal.ErrUnknown},
		"one line unsigned": {good + string(unsigned) + "\n", key, seal.ErrUnknown},
		"cut":               {good[:len(good)/2], key, nil},
		"another kind":      {string(foreign), key, nil},
		"nothing":           {"\n", key, ErrNone},
	} {
		testkit.Write(t, file, c.text)
		list, err := Read(file, []*seal.Public{&c.trust.Public})
		if err == nil || list != nil || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v", name, list, err)
		}
	}
}

// The in-toto project's own implementations read, verify and validate what we write, and refuse
// it when another key signed.
func TestSecondImplementation(t *testing.T) {
	testkit.Needs(t, "attestation-python")
	r, _ := verified(t)
	file, key := attested(t, r)
	check := func(k *seal.Key) (string, error) {
		path := filepath.Join(t.TempDir(), "key")
		testkit.Check(t, k.Write(path))
		out, err := exec.Command("attestation-python", "testdata/check.py", file, path+seal.PublicSuffix).CombinedOutput()
		return string(out), err
	}
	out, err := check(key)
	want := "cap/one.wasm " + r.Capsules[0].Proof.SHA256["one.wasm"] + "\ncap/two.wasm " + r.Capsules[0].Proof.SHA256["two.wasm"] + "\n"
	if err != nil || out != want {
		t.Errorf("%v: %s", err, out)
	}
	other, err := seal.NewKey()
	testkit.Check(t, err)
	if out, err := check(other); err == nil || !strings.Contains(out, "VerificationError") {
		t.Errorf("another key: %v: %s", err, out)
	}
}

func TestBare(t *testing.T) {
	for remote, want := range map[string]string{
		"https://me:token@example.org/a.git?x#y": "git+https://example.org/a.git",
		"git@example.org:a/b.git":                "git+ssh://example.org/a/b.git",
		"ssh://git@example.org/a":                "git+ssh://example.org/a",
		"/home/me/a":                             "", "../a": "", `C:\a`: "",
	} {
		if got := bare(remote); got != want {
			t.Errorf("%s: %q", remote, got)
		}
	}
}
