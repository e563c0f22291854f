package console

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
	"github.com/astrid-runtime/astrid-dev/orchestrator/event"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

// play is what happens to a console, in virtual time.
type play struct {
	hub *hub.Hub
	c   *Console
}

// say publishes an event about the capsule called name and lets it be told.
func (p *play) say(name string, body event.Body) {
	e := event.Event{Body: body}
	if name != "" {
		e.Capsule, e.Dir = name, "/home/ada/caps/"+name
	}
	p.hub.Publish(e)
	synctest.Wait()
}

func (p *play) later(d time.Duration) { time.Sleep(d); synctest.Wait() }

// begin is a start of watch with these capsules, which are all to be built.
func (p *play) begin(names ...string) {
	var list []event.Subject
	for _, name := range names {
		list = append(list, event.Subject{Capsule: name, Dir: "/home/ada/caps/" + name})
	}
	p.say("", event.Ready{Capsules: len(names), Queued: len(names), Watched: list})
	p.say("", event.Snapshot{Ready: true, Standing: nil})
}

func (p *play) build(name string, queued int, took time.Duration, why event.BuildStarted, end event.Body) {
	why.Queued = queued
	p.say(name, why)
	p.c.Build(name, []byte("Compiling "+name+" v0.1.0\nsrc/lib.rs:12:5: cannot find value `x` in this scope\n"))
	p.later(took)
	p.say(name, end)
}

func good(generation int) event.Reload {
	return event.Reload{Generation: generation, Artifact: event.Artifact{Size: 130_000, Type: "component"}, BuildMS: 2100, SmokeMS: 30}
}

var (
	first  = event.BuildStarted{Reason: "first build"}
	edited = event.BuildStarted{Reason: "changed", Basis: event.Basis{Changed: []string{"src/lib.rs"}, ChangedCount: 1}}
	broken = event.BuildFailed{Step: "build", ExitCode: 101, Diagnostics: []finding.Finding{
		{File: "src/lib.rs", Line: 12, Column: 5, Code: "E0425", Message: "cannot find value `x` in this scope, which is a long sentence that some terminals have no room for"},
		{Severity: finding.Warning, File: "src/lib.rs", Line: 3, Message: "unused import: `std::io`"}}}
	remarks2 = []finding.Finding{{Code: "kernel-not-component", Message: "it is a core module, the kernel takes components only", Hint: "build it with wit-bindgen or an SDK, so that it carries its world"}}
)

func red12(i int) event.Body {
	if i == 1 || i == 7 {
		return broken
	}
	r := good(1)
	r.Findings = remarks2
	return r
}

// plays are the screens that are kept as text, in their order on the page.
var plays = map[string]func(p *play){
	"first-run": func(p *play) {
		p.begin("greeter")
		p.build("greeter", 0, 2*time.Second, first, good(1))
		p.say("", event.Idle{Capsules: 1})
	},
	"error": func(p *play) {
		p.begin("greeter")
		p.build("greeter", 0, 2*time.Second, edited, broken)
		p.say("", event.Idle{Capsules: 1, Failed: 1, Failing: []event.Subject{{Capsule: "greeter", Dir: "/home/ada/caps/greeter"}}})
	},
	"mend": func(p *play) {
		plays2["error"](p)
		p.later(12 * time.Second)
		end := good(2)
		end.LatencyMS = 2130
		p.build("greeter", 0, 2*time.Second, edited, end)
		p.say("", event.Idle{Capsules: 1})
	},
	"building": func(p *play) {
		p.begin("auth", "chat", "email", "files")
		p.build("auth", 3, 2*time.Second, first, good(1))
		p.build("chat", 2, 2*time.Second, first, broken)
		p.say("email", event.BuildStarted{Reason: "first build", Queued: 1})
		p.later(5 * time.Second)
	},
	"twelve": func(p *play) {
		names := []string{"audit", "auth", "billing", "calendar", "contacts", "email", "files", "chat", "notes", "search", "tasks", "users"}
		p.begin(names...)
		for i, name := range names {
			p.build(name, len(names)-1-i, 2*time.Second, first, red12(i))
		}
		p.say("", event.Idle{Capsules: 12, Failed: 2})
	},
	"output": func(p *play) {
		plays2["error"](p)
		p.c.Verbose()
	},
	"clear": func(p *play) {
		plays2["mend"](p)
		p.build("greeter", 0, time.Second, edited, broken)
		p.c.Clear()
	},
	"last-gone": func(p *play) {
		plays2["first-run"](p)
		p.say("greeter", event.CapsuleRemoved{})
		p.say("", event.Idle{})
	},
	"nothing-to-do": func(p *play) {
		stands := event.Unchanged{Artifact: event.Artifact{Hash: "x", Size: 130_000, Type: "component"}}
		p.say("auth", stands)
		stands.Findings = remarks2
		p.say("chat", stands)
		p.begin("auth", "chat")
		p.say("", event.Idle{Capsules: 2})
	},
}

var plays2 map[string]func(p *play) // plays, for those that go on with another

func init() { plays2 = plays }

// shown plays what a screen of so many columns is written.
func shown(t *testing.T, width int, o Options, do func(*play)) (written string) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(12*time.Hour + 3*time.Minute)
		var out bytes.Buffer
		h := hub.New()
		o.Dir, o.Keys = "/home/ada", true
		if width > 0 {
			o.Width = func() int { return width }
		}
		p := &play{h, New(&out, h, o)}
		do(p)
		synctest.Wait()
		written = out.String()
		h.Close()
		_ = p.c.Close()
	})
	return written
}

// Each screen is kept as text, at three widths, without a terminal, and for a problem matcher.
func TestScreens(t *testing.T) {
	for name, do := range plays {
		for _, width := range []int{50, 80, 120} {
			written := shown(t, width, Options{Colour: true}, do)
			golden(t, fmt.Sprintf("screens/%s-%d.txt", name, width), screenOf(written, width))
			plain := shown(t, width, Options{}, do)
			if strings.Contains(plain, "\x1b[2m") || strings.Contains(plain, "\x1b[31m") || strings.Contains(plain, "\x1b]8") {
				t.Errorf("%s: colours or links without colour: %q", name, plain)
			}
			if screenOf(plain, width) != screenOf(written, width) {
				t.Errorf("%s in %d columns differs without colour:\n%s", name, width, screenOf(plain, width))
			}
		}
		pipe := shown(t, 0, Options{}, do)
		golden(t, "screens/"+name+"-pipe.txt", pipe)
		if strings.ContainsAny(pipe, "\x1b\r\a") {
			t.Errorf("%s: control characters in a pipe: %q", name, pipe)
		}
		golden(t, "screens/"+name+"-short.txt", shown(t, 0, Options{Short: true}, do))
	}
}

// A terminal that was made narrower, one that was made wider, and one whose program went on after a
// stop, below what the shell wrote meanwhile.
func TestScreensThatChange(t *testing.T) {
	for name, c := range map[string]struct {
		from, to int
		between  string // is written by somebody else
	}{"narrowed": {120, 50, ""}, "widened": {50, 120, ""}, "resumed": {80, 80, "\r\x1b[K[1]+  Stopped   astrid-dev watch\n$ fg\nastrid-dev watch\n"}} {
		var before, after string
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(12*time.Hour + 3*time.Minute)
			var out bytes.Buffer
			h := hub.New()
			at, changed := c.from, make(chan struct{})
			p := &play{h, New(&out, h, Options{Dir: "/home/ada", Colour: true, Width: func() int { return at }, Changed: changed})}
			plays["building"](p)
			before = out.String()
			at = c.to
			changed <- struct{}{}
			synctest.Wait()
			p.say("email", good(1))
			after = out.String()[len(before):]
			h.Close()
			_ = p.c.Close()
		})
		screen := newVT(c.from)
		screen.write(before + c.between)
		screen.resize(c.to)
		screen.write(after)
		golden(t, "screens/"+name+".txt", screen.text())
	}
}

// A terminal that is made narrower or wider has one last line, and no rest of the one before.
func TestResizedScreen(t *testing.T) {
	for _, widths := range [][2]int{{120, 50}, {50, 120}, {120, 30}} {
		var at int
		var before, after string
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(12*time.Hour + 3*time.Minute)
			var out bytes.Buffer
			h := hub.New()
			at = widths[0]
			changed := make(chan struct{})
			p := &play{h, New(&out, h, Options{Width: func() int { return at }, Changed: changed})}
			plays["twelve"](p)
			before = out.String()
			at = widths[1]
			changed <- struct{}{}
			synctest.Wait()
			after = out.String()[len(before):]
			h.Close()
			_ = p.c.Close()
		})
		screen := newVT(widths[0])
		screen.write(before)
		screen.resize(widths[1])
		screen.write(after)
		if got := screen.text(); strings.Count(got, "12 capsules: ") > 1 || strings.Count(got, "10 sound") != 1 {
			t.Errorf("from %d to %d columns:\n%s", widths[0], widths[1], got)
		}
	}
}

// screenOf is what a terminal shows.
func screenOf(written string, width int) string {
	screen := newVT(width)
	screen.write(written)
	return screen.text()
}

// vt is as much of a terminal as the console needs. It is as high as what is written.
type vt struct {
	width    int
	rows     [][]rune
	wrapped  []bool // the row goes on in the next one
	row, col int
}

func newVT(width int) *vt { return &vt{width: width, rows: [][]rune{nil}, wrapped: []bool{false}} }

var sequence = regexp.MustCompile(`^\x1b(?:\[([0-9;]*)([A-Za-z])|\][^\a\x1b]*(?:\a|\x1b\\))`)

func (v *vt) write(s string) {
	for s != "" {
		if m := sequence.FindStringSubmatch(s); m != nil {
			v.order(m[1], m[2])
			s = s[len(m[0]):]
			continue
		}
		r := []rune(s)[0]
		s = s[len(string(r)):]
		switch r {
		case '\n':
			v.to(v.row + 1)
			v.col = 0
		case '\r':
			v.col = 0
		default:
			v.put(r)
		}
	}
}

func (v *vt) to(row int) {
	for v.row = row; v.row >= len(v.rows); {
		v.rows, v.wrapped = append(v.rows, nil), append(v.wrapped, false)
	}
}

func (v *vt) put(r rune) {
	if v.col == v.width {
		v.wrapped[v.row] = true
		v.to(v.row + 1)
		v.col = 0
	}
	v.rows[v.row] = append(v.rows[v.row][:min(v.col, len(v.rows[v.row]))], r)
	v.col++
}

func (v *vt) order(argument, what string) {
	switch what {
	case "K":
		v.rows[v.row] = v.rows[v.row][:min(v.col, len(v.rows[v.row]))]
	case "J":
		if argument != "" { // all
			*v = *newVT(v.width)
			return
		}
		v.rows[v.row] = v.rows[v.row][:min(v.col, len(v.rows[v.row]))]
		v.rows, v.wrapped = v.rows[:v.row+1], v.wrapped[:v.row+1]
	case "A":
		v.row = max(0, v.row-1)
	case "H":
		v.row, v.col = 0, 0
	case "m", "t", "":
	default:
		panic("the test's terminal does not know " + what)
	}
}

// resize lays lines out anew, as terminals do.
func (v *vt) resize(width int) {
	var lines [][]rune
	for i, row := range v.rows {
		if i > 0 && v.wrapped[i-1] {
			lines[len(lines)-1] = append(lines[len(lines)-1], row...)
		} else {
			lines = append(lines, append([]rune{}, row...))
		}
	}
	*v = *newVT(width)
	for i, line := range lines {
		if i > 0 {
			v.write("\n")
		}
		v.write(string(line))
	}
}

func (v *vt) text() string {
	var b strings.Builder
	for _, row := range v.rows {
		b.WriteString(strings.TrimRight(string(row), " ") + "\n")
	}
	return b.String()
}

// The test's terminal shows what tmux shows.
func TestScreensInTmux(t *testing.T) {
	testkit.Needs(t, "tmux")
	dir := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.Command("tmux", append([]string{"-S", filepath.Join(dir, "socket"), "-f", os.DevNull}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("tmux %s: %v\n%s", args, err, out)
		}
		return string(out)
	}
	defer run("kill-server")
	for name, do := range plays {
		for _, width := range []int{50, 80, 120} {
			written := shown(t, width, Options{Colour: true}, do)
			file := filepath.Join(dir, fmt.Sprint(name, width, ".screen"))
			if err := os.WriteFile(file, []byte(written), 0o644); err != nil {
				t.Fatal(err)
			}
			session := fmt.Sprint(name, width)
			run("new-session", "-d", "-s", session, "-x", fmt.Sprint(width), "-y", "100", "sh -c 'cat "+file+"; exec sleep 1000'")
			want, got := screenOf(written, width), ""
			for deadline := time.Now().Add(testkit.Patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
				if got = strings.TrimRight(run("capture-pane", "-p", "-t", session), "\n") + "\n"; got == want {
					break
				}
			}
			if got != want {
				t.Errorf("%s in %d columns: tmux shows\n%s, and the test's terminal\n%s", name, width, got, want)
			}
		}
	}
}

// palettes are what terminals show by default for the colours of words, and behind them.
var palettes = map[string]struct{ behind, red, green, magenta, yellow string }{
	"xterm on white":          {"ffffff", "cd0000", "00cd00", "cd00cd", "cdcd00"},
	"xterm on black":          {"000000", "cd0000", "00cd00", "cd00cd", "cdcd00"},
	"GNOME, light":            {"ffffff", "c01c28", "26a269", "a347ba", "a2734c"},
	"GNOME, dark":             {"171421", "c01c28", "26a269", "a347ba", "a2734c"},
	"Tango, light":            {"ffffff", "cc0000", "4e9a06", "75507b", "c4a000"},
	"VS Code, light":          {"ffffff", "cd3131", "107c10", "bc05bc", "949800"},
	"VS Code, dark":           {"1e1e1e", "cd3131", "0dbc79", "bc3fbc", "e5e510"},
	"macOS, Basic":            {"ffffff", "990000", "00a600", "b200b2", "999900"},
	"Windows, Campbell":       {"0c0c0c", "c50f1f", "13a10e", "881798", "c19c00"},
	"Solarized, light":        {"fdf6e3", "dc322f", "859900", "d33682", "b58900"},
	"Solarized, dark":         {"002b36", "dc322f", "859900", "d33682", "b58900"},
	"Windows, One Half Light": {"fafafa", "e45649", "50a14f", "a626a4", "c18301"},
}

// Words in colour can be read on light and on dark backgrounds. What they say stands there in words
// as well, so that a contrast of two is enough where a terminal's own default gives no more.
func TestColoursCanBeRead(t *testing.T) {
	for name, p := range palettes {
		for word, colour := range map[string]string{"red": p.red, "green": p.green, "magenta": p.magenta} {
			if got := contrast(t, colour, p.behind); got < 2.1 {
				t.Errorf("%s: %s has a contrast of %.1f", name, word, got)
			}
		}
	}
	if p := palettes["xterm on white"]; contrast(t, p.yellow, p.behind) > 2 {
		t.Error("yellow on white can be read?")
	}
	for name, do := range plays {
		for _, m := range sequences.FindAllStringSubmatch(shown(t, 80, Options{Colour: true, Verbose: true}, do), -1) {
			if !slices.Contains([]string{"", "0", "2", "31", "1;31", "32", "35"}, m[1]) {
				t.Errorf("%s: the colour %s was not judged", name, m[1])
			}
		}
	}
}

var sequences = regexp.MustCompile(`\x1b\[([0-9;]*)m`)

// contrast is the ratio of two colours' luminances, as WCAG 2 defines it.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	light := func(colour string) (sum float64) {
		for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
			v, err := strconv.ParseUint(colour[2*i:2*i+2], 16, 8)
			testkit.Check(t, err)
			c := float64(v) / 255
			if c <= 0.03928 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += weight * c
		}
		return sum
	}
	x, y := light(a)+0.05, light(b)+0.05
	return max(x, y) / min(x, y)
}
