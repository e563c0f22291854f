package tests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/astrid-runtime/astrid-dev/builder/host"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// A recorded call is read as the same call, once; a second one stands behind it.
func TestRecord(t *testing.T) {
	dir := t.TempDir()
	testkit.Write(t, filepath.Join(dir, "tests", "files", "a"), "x")
	r := Recorded{Tool: "note", Args: []byte(`{"path":"a \"b\"","n":1.5,"deep":{"k":[true]}}`), Failed: true, Env: map[string]string{"A": "1"}, KV: map[string][]byte{"k": []byte(`{"a":1}`)},
		Cwd: filepath.Join(dir, "tests", "files"), Caller: "ada", Approve: "approved", Answers: map[string]string{"q": "a"}, Seed: 7, Clock: time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)}
	name, added, err := Record(dir, r)
	if err != nil || !added {
		t.Fatal(name, added, err)
	}
	if again, added, err := Record(dir, r); err != nil || added || again != name {
		t.Errorf("%q %v %v", again, added, err)
	}
	r.Seed = 8
	if other, added, err := Record(dir, r); err != nil || !added || other != name+" (2)" {
		t.Errorf("%q %v %v", other, added, err)
	}
	files, err := Read(dir)
	if err != nil || len(files) != 1 || len(files[0].Faults) > 0 || len(files[0].Tests) != 2 {
		t.Fatalf("%+v %v", files, err)
	}
	got := files[0].Tests[0]
	if got.tool != "note" || string(got.args) != `{"deep":{"k":[true]},"n":1.5,"path":"a \"b\""}` || string(got.world.kv["k"]) != `{"a":1}` || got.world.cwd != r.Cwd || got.world.seed != 7 || !got.expects("error") {
		t.Errorf("%+v", got)
	}
}

// What the network answered is read as it was recorded, with bytes that are no text.
func TestRecordNetwork(t *testing.T) {
	dir := t.TempDir()
	r := Recorded{Tool: "a", Args: []byte("{}"), Hosts: map[string][]string{"a.example": {"1.2.3.4"}, "none.example": {}},
		HTTP: []host.Exchange{{Method: "POST", URL: "https://a.example/", Sent: []byte("x"), Status: 201, Headers: map[string]string{"etag": "e"}, Body: []byte("y")}},
		TCP: []host.Conversation{
			{Address: "a.example:1", Peer: "1.2.3.4:1", Turns: []host.Turn{{Sent: []byte("\x00\xff\"")}, {Received: []byte("text\r\n\x7f")}}, End: "open"},
			{Address: "b.example:1", Refused: "timeout"}}}
	_, _, err := Record(dir, r)
	testkit.Check(t, err)
	files, err := Read(dir)
	testkit.Check(t, err)
	w := files[0].Tests[0].world
	if diff := cmp.Diff(r, Recorded{Tool: r.Tool, Args: r.Args, Hosts: w.hosts, HTTP: w.http, TCP: w.tcp}, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if text := testkit.Read(t, filepath.Join(dir, RecordFile)); !strings.Contains(text, `{ sent_hex = "00ff22" }`) {
		t.Error(text)
	}
}

// What is wrong with a connection is told with its line.
func TestWrongConversations(t *testing.T) {
	for text, want := range map[string]string{
		`[{ address = "a" }]`:                                                  "a connection has an address",
		`[{ address = "a:1", end = "never" }]`:                                 `end is never "never"`,
		`[{ address = "a:1", refused = "no" }]`:                                `refused is never "no"`,
		`[{ address = "a:1", refused = "timeout", turns = [{ sent = "a" }] }]`: "has no turns",
		`[{ address = "a:1", turns = [{ sent = "a", received = "b" }] }]`:      "either the capsule sends or it receives",
		`[{ address = "a:1", turns = [{ sent_hex = "0" }] }]`:                  "pairs of hexadecimal digits",
	} {
		dir := t.TempDir()
		testkit.Write(t, filepath.Join(dir, "tests", "a.toml"), "[[test]]\nname = \"a\"\ntool = \"a\"\ntcp = "+text+"\n")
		files, err := Read(dir)
		testkit.Check(t, err)
		if f := files[0].Faults; len(f) != 1 || !strings.Contains(f[0].Message, want) || f[0].Line != 4 {
			t.Errorf("%s: %v", text, f)
		}
	}
}

// What a file cannot tell is not recorded, and nothing is written.
func TestRecordRefuses(t *testing.T) {
	dir := t.TempDir()
	for want, r := range map[string]Recorded{
		"args":         {Tool: "a", Args: []byte(`{"a":null}`)},
		"fixtures f":   {Tool: "a", Args: []byte(`{}`), Files: map[string][]byte{"f": {0xff}}},
		"does not lie": {Tool: "a", Args: []byte(`{}`), Cwd: dir},
	} {
		if _, added, err := Record(dir, r); added || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v %v", want, added, err)
		}
	}
	testkit.Write(t, filepath.Join(dir, "tests", "recorded.toml"), "[[test]\n")
	if _, _, err := Record(dir, Recorded{Tool: "a", Args: []byte("{}")}); err == nil {
		t.Error("a file that cannot be read is written over")
	}
	if b, err := os.ReadFile(filepath.Join(dir, "tests", "recorded.toml")); err != nil || string(b) != "[[test]\n" {
		t.Errorf("%s %v", b, err)
	}
}
