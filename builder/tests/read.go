package tests

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/capsule/tomldoc"
	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/host"
)

// Folder is where a capsule's tests are; those of folders below it are fixtures.
const Folder = "tests"

// Pattern is a line of .gitignore that names all files of tests.
const Pattern = "/" + Folder + "/*.toml"

// IsFile reports whether a file of a capsule, a slash path below its folder, holds tests.
func IsFile(name string) bool { return path.Dir(name) == Folder && path.Ext(name) == ".toml" }

// In reports whether the capsule in the folder dir has files of tests.
func In(dir string) bool {
	entries, err := os.ReadDir(filepath.Join(dir, Folder))
	return err == nil && slices.ContainsFunc(entries, isFile)
}

func isFile(e os.DirEntry) bool {
	return !e.IsDir() && IsFile(path.Join(Folder, e.Name())) && !strings.HasPrefix(e.Name(), ".")
}

// Around is what with says for the capsules beside the tested one that hear what it says.
const Around = "workspace"

// File is one file of tests.
type File struct {
	Name   string // a slash path below the capsule: tests/greet.toml
	Tests  []*Test
	Faults []finding.Finding // what is wrong with the file; no test of it runs then

	path string
	doc  *tomldoc.Document
}

// Test is one [[test]].
type Test struct {
	Name string
	File string // as in File
	Line int    // of its header

	tool, topic string
	args        json.RawMessage
	world       world
	expect      []expectation // in the order of the file
	silent      bool          // it has no expect at all
	key         []string
}

// world is what a test has beside the manifest's world.
type world struct {
	cwd          string   // a folder of the machine, absolute
	with         []string // folders of other capsules, absolute
	around       bool     // those beside it that hear what it says
	dir          string   // the capsule's own
	files, kv    map[string][]byte
	env, answers map[string]string
	http         []host.Exchange
	tcp          []host.Conversation
	hosts        map[string][]string
	messages     []host.Message // that are sent before, in order
	capabilities host.Capabilities
	caller       string
	approve      string
	seed         uint64
	clock        time.Time
}

// expectation is one key of expect.
type expectation struct {
	kind string // the key
	key  []string
	line int
	want any
}

var (
	testKeys         = []string{"name", "tool", "topic", "args", "fixtures", "env", "kv", "capabilities", "caller", "approve", "answers", "with", "http", "tcp", "hosts", "messages", "seed", "clock", "expect"}
	expectKeys       = []string{"result", "contains", "matches", "json", "error", "published", "files", "kv", "log"}
	capabilityLists  = []string{"net", "kv", "fs_read", "fs_write", "host_process", "net_bind", "net_connect", "identity"}
	capabilityWords  = []string{"uplink", "allow_persistent", "allow_prompt_injection"}
	publicationWords = []string{"topic", "payload"}
)

// Read reads the tests of the capsule in the folder dir, in the order of the files' names. There
// may be none. What is wrong with a file is in it; the error is a folder that cannot be read.
func Read(dir string) ([]*File, error) {
	entries, err := os.ReadDir(filepath.Join(dir, Folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var files []*File
	for _, e := range entries {
		if isFile(e) {
			files = append(files, readFile(dir, path.Join(Folder, e.Name())))
		}
	}
	return files, nil
}

func readFile(dir, name string) *File {
	f := &File{Name: name, path: filepath.Join(dir, filepath.FromSlash(name))}
	data, err := tomldoc.Read(f.path)
	if err != nil {
		f.Faults = []finding.Finding{{Code: finding.TestFile, File: name, Message: "it cannot be read: " + err.Error(), Hint: "make it readable"}}
		return f
	}
	doc, faults := tomldoc.Parse(name, data)
	if doc == nil {
		for _, fault := range faults {
			fault.Code = finding.TestFile // the library's words are about manifests
			f.Faults = append(f.Faults, fault)
		}
		return f
	}
	f.doc = doc
	f.read(dir)
	return f
}

// read reads the document.
func (f *File) read(dir string) {
	r := &reader{doc: f.doc}
	root := field{r, nil, f.doc.Values(), true}
	for _, key := range f.doc.Keys() {
		if key != "test" {
			root.at(key).fault(finding.TestUnknownKey, "a file of tests has [[test]] and nothing else", "there is no key %q here", key)
		}
	}
	all := r.at("test")
	elements := tomldoc.Elements(all.value)
	if all.found && elements == nil {
		all.wrong("an array of tables", "write its header with double brackets: [[test]]")
	}
	named := map[string]int{}
	for i := range elements {
		one := all.element(i)
		if !one.only(testKeys...) {
			continue
		}
		t := one.test(dir, f.Name)
		if line := named[t.Name]; line > 0 {
			one.at("name").fault(finding.TestValue, "give each test a name of its own", "the test on line %d is called %q too", line, t.Name)
		}
		named[t.Name] = t.Line
		f.Tests = append(f.Tests, t)
	}
	f.Faults = r.faults
}

// test reads one [[test]].
func (f field) test(dir, file string) *Test {
	t := &Test{Name: f.at("name").text(), File: file, Line: f.line(), tool: f.at("tool").text(), topic: f.at("topic").text(), key: f.key}
	if strings.TrimSpace(t.Name) == "" {
		f.fault(finding.TestValue, `write name = "..."`, "the test has no name")
	}
	switch {
	case (t.tool == "") == (t.topic == ""):
		f.fault(finding.TestValue, `write tool = "...", or topic = "..." for a message`, "a test calls a tool or sends a message on a topic, one of the two")
	case t.tool != "" && f.at("args").found && !f.at("args").isTable():
		f.at("args").wrong("a table", `write args = { name = "value" }`)
	}
	t.args = json.RawMessage("{}")
	if args := f.at("args"); args.found {
		t.args = encoded(args.value)
	}
	t.world = f.world(dir)
	expect := f.at("expect")
	t.silent = !expect.found
	if expect.only(expectKeys...) {
		t.expect = expect.expectations()
	}
	return t
}

func (f field) isTable() bool {
	_, ok := f.value.(map[string]any)
	return ok
}

// world reads what the test has beside the manifest's world.
func (f field) world(dir string) world {
	w := world{env: f.at("env").words(), answers: f.at("answers").words(), kv: f.at("kv").contents(),
		caller: f.at("caller").text(), approve: f.at("approve").text(), capabilities: f.at("capabilities").capabilities()}
	if w.approve != "" && !slices.Contains(host.Decisions, w.approve) {
		f.at("approve").fault(finding.TestValue, "it is one of "+strings.Join(host.Decisions, ", "), "nobody decides %q", w.approve)
	}
	w.http, w.tcp, w.hosts, w.messages = f.at("http").exchanges(), f.at("tcp").conversations(), f.at("hosts").hosts(), f.at("messages").messages()
	if with := f.at("with"); with.value == Around {
		w.around = true
	} else {
		for _, other := range with.texts() {
			w.with = append(w.with, filepath.Join(dir, filepath.FromSlash(other)))
		}
	}
	w.dir = dir
	if fixtures := f.at("fixtures"); fixtures.found {
		if s, ok := fixtures.value.(string); ok {
			w.cwd = fixtures.folder(dir, s)
		} else {
			w.files = fixtures.contents()
		}
	}
	if seed := f.at("seed"); seed.found {
		n, ok := seed.value.(int64)
		if !ok || n < 0 {
			seed.wrong("a whole number that is not below zero", "write seed = 1")
		}
		w.seed = uint64(max(n, 0))
	}
	if clock := f.at("clock"); clock.found {
		var ok bool
		if w.clock, ok = clock.value.(time.Time); !ok || !strings.ContainsAny(text(clock.value), "Z+") && !strings.Contains(text(clock.value)[10:], "-") {
			clock.wrong("a time with a zone", "write clock = 2026-01-01T00:00:00Z, without quotes")
		}
	}
	return w
}

// messages reads what is sent.
func (f field) messages() (list []host.Message) {
	f.tables(`[{ topic = "..." }]`, publicationWords, func(one field) {
		m := host.Message{Topic: one.at("topic").text(), Payload: json.RawMessage("{}")}
		if m.Topic == "" {
			one.fault(finding.TestValue, `write topic = "..."`, "a message has a topic")
		}
		if payload := one.at("payload"); payload.found {
			m.Payload = encoded(payload.value)
		}
		list = append(list, m)
	})
	return list
}

// folder is a folder of fixtures, below the folder of the tests.
func (f field) folder(dir, name string) string {
	at := filepath.FromSlash(name)
	if !filepath.IsLocal(at) {
		f.fault(finding.TestValue, `write fixtures = "FOLDER" for a folder in tests`, "the fixtures %q do not lie below the folder tests", name)
		return ""
	}
	full := filepath.Join(dir, Folder, at)
	if info, err := os.Stat(full); err != nil || !info.IsDir() {
		f.fault(finding.TestValue, "make the folder, or correct its name", "there is no folder %s/%s", Folder, name)
		return ""
	}
	return full
}

func (f field) capabilities() host.Capabilities {
	var c host.Capabilities
	if !f.only(slices.Concat(capabilityLists, capabilityWords)...) {
		return c
	}
	for i, list := range []*[]string{&c.Net, &c.KV, &c.FSRead, &c.FSWrite, &c.HostProcess, &c.NetBind, &c.NetConnect, &c.Identity} {
		*list = f.at(capabilityLists[i]).texts()
	}
	for i, word := range []*bool{&c.Uplink, &c.AllowPersistent, &c.AllowPromptInjection} {
		*word = f.at(capabilityWords[i]).boolean()
	}
	return c
}

// expectations reads expect, each in the kind of value that it is compared as.
func (f field) expectations() (list []expectation) {
	for _, kind := range f.r.doc.Keys(f.key...) {
		one := f.at(kind)
		if !slices.Contains(expectKeys, kind) {
			continue
		}
		add := func(at field, want any) { list = append(list, expectation{kind, at.key, at.line(), want}) }
		switch kind {
		case "result", "json":
			add(one, decoded(encoded(one.value)))
		case "contains", "log":
			one.phrases(add)
		case "matches":
			if re, err := regexp.Compile(one.text()); err != nil {
				one.fault(finding.TestValue, "mend it: https://pkg.go.dev/regexp/syntax has the syntax", "it is no regular expression: %v", err)
			} else {
				add(one, re)
			}
		case "error":
			if b, ok := one.value.(bool); !ok || !b {
				add(one, one.text())
			} else {
				add(one, "")
			}
		case "published":
			one.publications(add)
		case "files", "kv":
			one.each(func(entry field) {
				if entry.isTable() {
					add(entry, decoded(encoded(entry.value)))
				} else {
					add(entry, plain(entry.value))
				}
			})
		}
	}
	return list
}

// phrases reads texts that are expected, each with its own place.
func (f field) phrases(add func(field, any)) {
	list := f.texts()
	if _, single := f.value.(string); single {
		add(f, list[0])
		return
	}
	switch {
	case list == nil || len(list) > 0:
	case f.name() == "log":
		add(f, none{})
	default:
		f.wrong("text, or an array with some", "take it out, or write "+f.name()+" = \"...\"")
	}
	for i, s := range list {
		add(f.element(i), s)
	}
}

// none is an empty array, where that means that nothing came.
type none struct{}

// publications reads the messages that are expected.
func (f field) publications(add func(field, any)) {
	list := tomldoc.Elements(f.value)
	if list == nil {
		f.wrong("an array of tables", `write published = [{ topic = "..." }]`)
	}
	if list != nil && len(list) == 0 {
		add(f, none{})
	}
	for i := range list {
		one := f.element(i)
		if !one.only(publicationWords...) {
			continue
		}
		want := publication{topic: one.at("topic").text()}
		if want.topic == "" {
			one.fault(finding.TestValue, `write topic = "..."`, "a publication has a topic")
		}
		if payload := one.at("payload"); payload.found {
			want.payload, want.any = decoded(encoded(payload.value)), true
		}
		add(one, want)
	}
}

// publication is a message that is expected; payload is a part of it when any is set.
type publication struct {
	topic   string
	payload any
	any     bool
}
