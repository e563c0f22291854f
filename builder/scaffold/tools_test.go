package scaffold

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// core is a core module that was built of a template, in a host that knows nothing but the bus.
type core struct {
	t         *testing.T
	module    api.Module
	refuse    bool // the next publications
	published []string
}

func newCore(t *testing.T, path string) *core {
	t.Helper()
	binary, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := &core{t: t}
	ctx := t.Context()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	t.Cleanup(func() { runtime.Close(context.Background()) })
	publish := func(_ context.Context, m api.Module, topic, topicLen, text, textLen, result uint32) {
		if !c.refuse {
			c.published = append(c.published, c.read(topic, topicLen), c.read(text, textLen))
		}
		refused := byte(0)
		if c.refuse {
			refused = 1
		}
		m.Memory().WriteByte(result, refused)
	}
	if _, err := runtime.NewHostModuleBuilder("astrid:ipc/host@1.0.0").NewFunctionBuilder().WithFunc(publish).Export("publish").Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	if c.module, err = runtime.InstantiateWithConfig(ctx, binary, wazero.NewModuleConfig().WithStartFunctions("_initialize")); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *core) read(at, size uint32) string {
	c.t.Helper()
	data, ok := c.module.Memory().Read(at, size)
	if !ok {
		c.t.Fatalf("%d bytes at %d are outside of the memory", size, at)
	}
	return string(data)
}

func (c *core) write(text string) (at, size uint64) {
	c.t.Helper()
	to, err := c.module.ExportedFunction("cabi_realloc").Call(c.t.Context(), 0, 0, 1, uint64(len(text)))
	if err != nil || !c.module.Memory().WriteString(uint32(to[0]), text) {
		c.t.Fatal(to, err)
	}
	return to[0], uint64(len(text))
}

// trigger calls a handler as the runtime does: what it answers, and what it published meanwhile.
func (c *core) trigger(action, payload string) (answer, data string, published []string) {
	c.t.Helper()
	c.published = nil
	name, nameLen := c.write(action)
	at, size := c.write(payload)
	record, err := c.module.ExportedFunction("astrid-hook-trigger").Call(c.t.Context(), name, nameLen, at, size)
	if err != nil {
		c.t.Fatalf("%s %s: %v", action, payload, err)
	}
	word := func(i uint32) uint32 {
		v, _ := c.module.Memory().ReadUint32Le(uint32(record[0]) + 4*i)
		return v
	}
	answer = c.read(word(0), word(1))
	if word(2)&0xff == 1 {
		data = c.read(word(3), word(4))
	}
	if _, err := c.module.ExportedFunction("cabi_post_astrid-hook-trigger").Call(c.t.Context(), record[0]); err != nil {
		c.t.Fatal(err)
	}
	return answer, data, c.published
}

// call runs a tool; content is what the tool made of arguments.
func (c *core) call(tool, arguments string) (content string, isError bool) {
	c.t.Helper()
	answer, data, published := c.trigger("tool_execute_"+tool, `{"type":"tool_execute_request", "call_id" : "7\"", "arguments": `+arguments+`}`)
	if answer != "continue" || data != "" || len(published) != 2 || published[0] != "tool.v1.execute."+tool+".result" {
		c.t.Fatalf("%s %s: %s %s %q", tool, arguments, answer, data, published)
	}
	var said struct {
		Type   string
		CallID string `json:"call_id"`
		Result struct {
			CallID  string `json:"call_id"`
			Content string
			IsError bool `json:"is_error"`
		}
	}
	if err := json.Unmarshal([]byte(published[1]), &said); err != nil || said.Type != "tool_execute_result" || said.CallID != `7"` || said.Result.CallID != said.CallID {
		c.t.Fatalf("%s: %v", published[1], err)
	}
	return said.Result.Content, said.Result.IsError
}

// describes fails unless the module tells of one tool, called name, with a sound schema.
func (c *core) describes(name string) {
	c.t.Helper()
	answer, data, published := c.trigger("tool_describe", "")
	if diff := cmp.Diff([]string{"tool.v1.response.describe.self", data}, published); answer != "continue" || diff != "" {
		c.t.Errorf("%s %s", answer, diff)
	}
	var said struct {
		Tools []struct {
			Name, Description string
			Schema            struct{ Type string } `json:"input_schema"`
		}
	}
	if err := json.Unmarshal([]byte(data), &said); err != nil || len(said.Tools) != 1 || said.Tools[0].Name != name || said.Tools[0].Description == "" || said.Tools[0].Schema.Type != "object" {
		c.t.Errorf("%s: %v", data, err)
	}
}

// refuses fails unless what is no call of a tool, and what the runtime does not publish, is denied.
func (c *core) refuses(tool string) {
	c.t.Helper()
	for _, row := range [][2]string{{"nothing", "{}"}, {"tool_execute_", "{}"}, {"tool_execute_" + tool, ""}, {"tool_execute_" + tool, "{"}, {"tool_execute_" + tool, "[]"}} {
		if answer, data, published := c.trigger(row[0], row[1]); answer != "deny" || data == "" || published != nil {
			c.t.Errorf("%q: %s %q %q", row, answer, data, published)
		}
	}
	c.refuse = true
	defer func() { c.refuse = false }()
	for _, action := range []string{"tool_describe", "tool_execute_" + tool} {
		if answer, _, _ := c.trigger(action, `{"call_id":"1","arguments":{"text":"a"}}`); answer != "deny" {
			c.t.Errorf("%s: %s", action, answer)
		}
	}
}

func TestCTool(t *testing.T) {
	testkit.Needs(t, "make", "clang", "wasm-ld")
	for name, flags := range map[string][]string{"alone": nil, "with wasi-libc": {"LIBC=1"}} {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat("/usr/lib/wasm32-wasi/libc.a"); flags != nil && err != nil {
				testkit.Skip(t, "wasi-libc is missing; make toolchains installs it")
			}
			c := newCore(t, made(t, exec.Command("make", append([]string{"wasm"}, flags...)...), "c", "dist/quick_fox.wasm"))
			c.describes("mask_digits")
			c.refuses("mask_digits")
			for arguments, want := range map[string]string{
				`{"text":"pin 1234"}`: `"pin ####"`,
				`{"text":""}`:         `""`,
				`{"a":{"text":"1"},"b":["]",2,{}],"text":"\u0031"}`:  `"#"`,
				`{ "text" : "\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é" }`: `"\"\\/\u0008\u000c\u000a\u000d\u0009é😀é"`,
				`{"text":"\ud83d \ude00"}`:                           `"� �"`,
				`{"\"text":1,"text":"5"}`:                            `"#"`,
			} {
				if got, isError := c.call("mask_digits", arguments); got != want || isError {
					t.Errorf("%s: %s, want %s", arguments, got, want)
				}
			}
			for _, arguments := range []string{`{}`, `[]`, `null`, `{"text":1}`, `{"text":"\x"}`, `{"text":"\u12g4"}`, `{"text":{"text":"a"}}`} {
				if got, isError := c.call("mask_digits", arguments); !isError {
					t.Errorf("%s: %s", arguments, got)
				}
			}
		})
	}
}

// TestCToolTakesAnything: whatever stands where a call should, the C template neither traps nor answers with
// what is not JSON.
func TestCToolTakesAnything(t *testing.T) {
	testkit.Needs(t, "make", "clang", "wasm-ld")
	c := newCore(t, made(t, exec.Command("make", "wasm"), "c", "dist/quick_fox.wasm"))
	whole := `{"call_id":"1","arguments":{"text":"a\u00311\\"},"x":[{},"]",true]}`
	for i := range whole {
		for _, payload := range []string{whole[:i], whole[i:], whole[:i] + "\"" + whole[i:], whole[:i] + "\\" + whole[i:], whole[:i] + "}" + whole[i:]} {
			answer, _, published := c.trigger("tool_execute_mask_digits", payload)
			if answer != "continue" && answer != "deny" || len(published) == 2 && !json.Valid([]byte(published[1])) {
				t.Errorf("%s: %s %q", payload, answer, published)
			}
		}
	}
}

func TestZigTool(t *testing.T) {
	testkit.Long(t)
	testkit.Needs(t, "zig")
	kept, err := testkit.ZigCache()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("ZIG_GLOBAL_CACHE_DIR", kept)
	c := newCore(t, made(t, exec.Command("zig", "build"), "zig", "zig-out/bin/quick_fox.wasm"))
	c.describes("reverse_words")
	c.refuses("reverse_words")
	for arguments, want := range map[string]string{`{"text":"one  two\nthree"}`: `"three two one"`, `{"more":1,"text":""}`: `""`, `{"text":"é \"x"}`: `"\"x é"`} {
		if got, isError := c.call("reverse_words", arguments); got != want || isError {
			t.Errorf("%s: %s, want %s", arguments, got, want)
		}
	}
	for _, arguments := range []string{`{}`, `null`, `{"text":1}`} {
		if got, isError := c.call("reverse_words", arguments); !isError {
			t.Errorf("%s: %s", arguments, got)
		}
	}
}

// made writes a template, builds it as its README says and returns the module's path.
func made(t *testing.T, build *exec.Cmd, lang, module string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "quick-fox")
	if _, err := Write(dir, lang); err != nil {
		t.Fatal(err)
	}
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, filepath.FromSlash(module))
}
