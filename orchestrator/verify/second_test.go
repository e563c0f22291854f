package verify

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/report"
)

// named is a shell command that writes a module with $t in a custom section.
const named = `n=${#t}; { printf '\000asm\001\000\000\000\000'; printf "\\$(printf %03o $((n+2)))"; printf '\001n%s' "$t"; } > "$CAPSULE_OUT"`

func TestReproSaysWhereAndWhy(t *testing.T) {
	testkit.Long(t)
	testkit.Needs(t, "sh", "date", "od")
	root := testkit.Folder(t)
	want := map[string]string{}
	testkit.Write(t, filepath.Join(root, "go.mod"), "module a\n") // so that it is one workspace
	for name, c := range map[string]struct{ script, cause string }{
		"path":  {`t=$(pwd | cut -c 1-110); ` + named, causes.path.message},
		"time":  {`t=$(date +%s); ` + named, causes.stamp.message},
		"clock": {`t=$(date +%H:%M:%S); ` + named, causes.stamp.message},
		"day":   {`t=$(date +%Y-%m-%d); ` + named, causes.stamp.message},
		"mtime": {`t=$(date -r build.sh +%Y-%m-%d); ` + named, causes.stamp.message},
		"any":   {`t=$(od -An -N6 -tx1 /dev/urandom | tr -d ' 0-9')$(od -An -N20 -tx1 /dev/urandom | tr -d ' 0-9'); ` + named, causes.random.message},
	} {
		capsuleAt(t, filepath.Join(root, name), name, c.script)
		want[name] = c.cause
	}
	capsuleAt(t, filepath.Join(root, "sound"), "sound", `t=sound; `+named)
	capsuleAt(t, filepath.Join(root, "once"), "once", `case $PWD in */another/*) echo here is no place >&2; exit 1;; esac; `+wasm)
	r := verified(t, root, Config{Jobs: 4, Repro: true})
	for name, cause := range want {
		s := found(t, r, name).Step(report.StepReproducible)
		if s.Verdict != report.Failed || len(s.Findings) != 1 || !strings.Contains(s.Findings[0].Message, `custom section "n"`) || !strings.HasSuffix(s.Findings[0].Message, cause) {
			t.Errorf("%s: %s %+v", name, s.Verdict, s.Findings)
		}
	}
	if c := found(t, r, "sound"); c.Verdict != report.Passed {
		t.Errorf("%+v", c)
	}
	if s := found(t, r, "once").Step(report.StepReproducible); s.Verdict != report.Failed || s.Findings[0].Code != finding.SecondBuildFailed || !strings.Contains(s.Tail, "no place") {
		t.Errorf("%+v", s)
	}
}

func TestElsewhereIsAnotherDay(t *testing.T) {
	for hour := range 24 * 3 {
		for _, zone := range []int{-12, -5, 0, 2, 9, 14} {
			now := time.Date(2024, 2, 28, hour, 30, 0, 0, time.FixedZone("", zone*3600))
			offset := map[string]int{"TZ=Etc/GMT-14": 14, "TZ=Etc/GMT+12": -12}
			env := elsewhere([]string{"A=b", "TZ=Europe/Berlin"}, now)
			there := now.In(time.FixedZone("", offset[env[len(env)-1]]*3600))
			if len(env) != 2 || there.YearDay() == now.YearDay() {
				t.Errorf("%s: %v is the same day", now, env)
			}
		}
	}
}

// coreModule makes a module of sections: id, content.
func coreModule(sections ...[]byte) []byte {
	return append([]byte("\x00asm\x01\x00\x00\x00"), bytes.Join(sections, nil)...)
}

func sectionOf(id byte, content ...[]byte) []byte {
	all := bytes.Join(content, nil)
	return append(append([]byte{id}, binary.AppendUvarint(nil, uint64(len(all)))...), all...)
}

func sized(content string) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(content))), content...)
}

func segment(at byte, content string) []byte {
	return append([]byte{0, 0x41, at, 0x0b}, sized(content)...)
}

func component(sections ...[]byte) []byte {
	return append([]byte("\x00asm\x0d\x00\x01\x00"), bytes.Join(sections, nil)...)
}

func TestFirstDifference(t *testing.T) {
	code := func(bodies ...string) []byte {
		content := []byte{byte(len(bodies))}
		for _, b := range bodies {
			content = append(content, sized(b)...)
		}
		return sectionOf(10, content)
	}
	data := func(texts ...string) []byte {
		content := []byte{byte(len(texts))}
		for i, s := range texts {
			content = append(content, segment(byte(i), s)...)
		}
		return sectionOf(11, content)
	}
	custom := func(name, content string) []byte { return sectionOf(0, sized(name), []byte(content)) }
	for _, tt := range []struct {
		name string
		a, b []byte
		want string
	}{
		{"custom", coreModule(custom("n", "one")), coreModule(custom("n", "two")), `custom section "n"`},
		{"shifted", coreModule(custom("n", "longer"), data("x")), coreModule(custom("n", "short"), data("x")), `custom section "n"`},
		{"only one", coreModule(data("x"), custom("n", "")), coreModule(data("x")), `custom section "n", which only the first build has`},
		{"only two", coreModule(data("x")), coreModule(data("x"), custom("n", "")), `custom section "n", which only the second build has`},
		{"other", coreModule(custom("a", "")), coreModule(custom("b", "")), `custom section "a" of the first build, where the second has custom section "b"`},
		{"data", coreModule(data("x", "hello", "z")), coreModule(data("x", "help!", "z")), "data section, segment 1 at byte 3 of it"},
		{"more data", coreModule(data("x")), coreModule(data("x", "y")), "data section, which has 1 segments in the first build and 2 in the second"},
		{"code", coreModule(code("aa", "bb")), coreModule(code("aa", "bcb")), "code section, function 1 at byte 1 of it"},
		{"nested", component(sectionOf(1, coreModule()), sectionOf(1, coreModule(data("x")))), component(sectionOf(1, coreModule()), sectionOf(1, coreModule(data("y")))),
			"core module 2, data section, segment 0 at byte 0 of it"},
		{"twice nested", component(sectionOf(4, component(sectionOf(1, coreModule(custom("n", "1")))))), component(sectionOf(4, component(sectionOf(1, coreModule(custom("n", "2")))))),
			`component 1, core module 1, custom section "n"`},
		{"kinds", coreModule(), component(), "the bytes"},
		{"no module", []byte("some"), []byte("same"), "the bytes"},
		{"length form", coreModule(sectionOf(0, sized("n"))), append([]byte("\x00asm\x01\x00\x00\x00"), 0, 0x82, 0x00, 1, 'n'), "the sections' lengths"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, ok := firstDifference(t.Context(), tt.a, tt.b)
			if !ok || d.where != tt.want {
				t.Errorf("%q, want %q", d.where, tt.want)
			}
			if d.a > len(tt.a) || d.b > len(tt.b) {
				t.Errorf("offsets %d and %d lie outside", d.a, d.b)
			}
		})
	}
	if _, ok := firstDifference(t.Context(), coreModule(), coreModule()); ok {
		t.Error("equal modules differ")
	}
}

// Damaged modules are told apart too, wherever the damage is.
func TestFirstDifferenceOfDamagedModules(t *testing.T) {
	whole := component(sectionOf(1, coreModule(sectionOf(11, []byte{1}, segment(0, "hello")), sectionOf(10, []byte{1}, sized("ab")), sectionOf(0, sized("n"), []byte("text")))))
	random := testkit.Dice(t)
	for range testkit.Rounds(150, 5000) {
		damaged := bytes.Clone(whole)
		for range random.IntN(3) + 1 {
			damaged[random.IntN(len(damaged))] = byte(random.Uint32())
		}
		damaged = damaged[:random.IntN(len(damaged)+1)]
		d, ok := firstDifference(t.Context(), whole, damaged)
		if ok == bytes.Equal(whole, damaged) || ok && (d.where == "" || d.a > len(whole) || d.b > len(damaged)) {
			t.Fatalf("%+v, %v for %x", d, ok, damaged)
		}
		pair := build2{tops: [2]string{"/tmp/1", "/tmp/2"}}
		if c := pair.guess(whole, damaged, d); ok && c.hint == "" {
			t.Fatalf("no cause for %x", damaged)
		}
	}
}

func TestGuess(t *testing.T) {
	start := time.Date(2025, 3, 4, 5, 6, 7, 0, time.UTC)
	pair := build2{tops: [2]string{"/tmp/v/1", "/tmp/v/another/place"}, started: [2]time.Time{start, start.Add(3 * time.Second)}, ended: start.Add(4 * time.Second)}
	number := func(n int64) string { return string(binary.LittleEndian.AppendUint64(nil, uint64(n))) }
	for _, tt := range []struct {
		name, a, b string
		want       cause
	}{
		{"path", "in /tmp/v/1/home", "in /tmp/v/another/place/home", causes.path},
		{"seconds", "at 1741064767.", "at 1741064770.", causes.stamp},
		{"nanoseconds", number(start.UnixNano()), number(start.Add(3 * time.Second).UnixNano()), causes.stamp},
		{"word", string(binary.LittleEndian.AppendUint32([]byte("xyz"), uint32(start.Unix()))), string(binary.LittleEndian.AppendUint32([]byte("xyz"), uint32(start.Unix()+3))), causes.stamp},
		{"date", "Tue Mar  4 05:06:07 2025", "Tue Mar  4 05:06:10 2025", causes.stamp},
		{"long ago", "at 1141064767.", "at 1141064770.", causes.random},
		{"words", "alpha", "beta", causes.random},
		{"order", "one two three", "two three one", causes.order},
	} {
		a, b := coreModule(sectionOf(0, sized("n"), []byte(tt.a))), coreModule(sectionOf(0, sized("n"), []byte(tt.b)))
		d, _ := firstDifference(t.Context(), a, b)
		if got := pair.guess(a, b, d); got != tt.want {
			t.Errorf("%s: %q", tt.name, got.message)
		}
	}
	data := func(s string) []byte {
		return coreModule(sectionOf(11, []byte{1, 1}, sized("quickjs "+s)))
	}
	a, b := data("1"), data("2")
	d, _ := firstDifference(t.Context(), a, b)
	if got := pair.guess(a, b, d); got != causes.snapshot {
		t.Errorf("a JavaScript engine's data: %q", got.message)
	}
	a, b = coreModule(sectionOf(0, sized("producers"), []byte("1"))), coreModule(sectionOf(0, sized("producers"), []byte("2")))
	d, _ = firstDifference(t.Context(), a, b)
	if got := pair.guess(a, b, d); got != causes.tools {
		t.Errorf("producers: %q", got.message)
	}
}

// The function is named where the module names it, in a component too, and nowhere else.
func TestFunctionAt(t *testing.T) {
	names := sized("\x02\x00" + string(sized("first")) + "\x01" + string(sized("second")))
	bodies := append(append([]byte{2}, sized("\x00\x01\x01\x0b")...), sized("\x00\x01\x01\x01\x0b")...)
	m := coreModule(sectionOf(1, []byte{1, 0x60, 0, 0}), sectionOf(3, []byte{2, 0, 0}), sectionOf(10, bodies),
		sectionOf(11, []byte{1}, segment(0, "hello")), sectionOf(0, sized("name"), []byte{1}, names))
	within := component(sectionOf(4, component()), sectionOf(1, m), sectionOf(0, sized("n"), []byte("text")))
	for name, data := range map[string][]byte{"a core module": m, "a component": within} {
		from := bytes.Index(data, bodies)
		for offset, want := range map[int]string{2: "first", 5: "first", 7: "second", 11: "second", len(bodies) + 6: "", -from + 3: ""} {
			if got := functionAt(data, from+offset); got != want {
				t.Errorf("%s: at byte %d of the code is %q, want %q", name, offset, got, want)
			}
		}
	}
	if got := functionAt([]byte("no module at all"), 5); got != "" {
		t.Errorf("%q", got)
	}
}
