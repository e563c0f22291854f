package tests

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/astrid-runtime/astrid-dev/builder/guest"
	"github.com/astrid-runtime/astrid-dev/builder/host"
)

// seen is what a test's call did.
type seen struct {
	content   string // what the tool or the handler answered
	failed    bool   // the tool says so, or the handler denied
	outcome   *guest.Outcome
	published []host.Message // beside the tool's own result
}

// value is the answer as JSON; text where it is none.
func (s *seen) value() any { return decoded([]byte(s.content)) }

// checks say what a kind of expectation finds amiss: "" when it is met.
var checks = map[string]func(want any, s *seen) *Miss{
	"result":    func(want any, s *seen) *Miss { return s.result(want) },
	"json":      func(want any, s *seen) *Miss { return s.part(want) },
	"contains":  func(want any, s *seen) *Miss { return s.contains(want.(string)) },
	"matches":   func(want any, s *seen) *Miss { return s.matches(want.(*regexp.Regexp)) },
	"error":     func(want any, s *seen) *Miss { return s.fails(want.(string)) },
	"published": func(want any, s *seen) *Miss { return s.publishes(want) },
	"log":       func(want any, s *seen) *Miss { return s.logs(want) },
}

// missed are the expectations of t that s does not meet.
func (t *Test) missed(s *seen) (list []Miss) {
	if s.failed && !t.expects("error") {
		list = append(list, Miss{Line: t.Line, index: -1, Message: "it failed: " + oneLine(s.content), Hint: `where that is right, write error = "..." in its expect`})
	}
	list = append(list, t.strayed(s)...)
	for i, e := range t.expect {
		var m *Miss
		switch e.kind {
		case "files":
			m = s.file(e.key[len(e.key)-1], e.want)
		case "kv":
			m = s.stored(e.key[len(e.key)-1], e.want)
		default:
			if s.failed && (e.kind == "result" || e.kind == "json") && !t.expects("error") {
				continue // said already
			}
			m = checks[e.kind](e.want, s)
		}
		if m != nil {
			m.Line, m.index, m.kind = e.line, i, e.kind
			list = append(list, *m)
		}
	}
	return list
}

// strayed are the misses of connections on which something else was said than was recorded.
func (t *Test) strayed(s *seen) (list []Miss) {
	if s.outcome == nil {
		return nil
	}
	for _, sentence := range s.outcome.Record.Strayed {
		list = append(list, Miss{Line: t.Line, index: -1, Message: sentence, Hint: "where that is right, record the call anew with call --record, or mend tcp"})
	}
	return list
}

func (t *Test) expects(kind string) bool {
	for _, e := range t.expect {
		if e.kind == kind {
			return true
		}
	}
	return false
}

// unequal is the miss of a value, with a diff where a sentence does not hold both.
func unequal(what string, want, got any, said string) *Miss {
	a, b := pretty(want), pretty(got)
	w, isText := want.(string)
	if g, both := got.(string); isText && both && strings.Contains(w+g, "\n") {
		a, b = w, g
	}
	if !strings.Contains(a+b, "\n") {
		return &Miss{Message: fmt.Sprintf("%s is %s, want %s", what, oneLine(b), oneLine(a)), got: got}
	}
	return &Miss{Message: what + ": " + said, Diff: between(a, b), got: got}
}

// between is a diff without its head.
func between(want, got string) string {
	if !strings.HasSuffix(want, "\n") && !strings.HasSuffix(got, "\n") { // else a missing line end is told
		want, got = want+"\n", got+"\n"
	}
	lines := strings.SplitAfter(string(diff.Diff("want", []byte(want), "got", []byte(got))), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "@@") {
			return strings.Join(lines[i+1:], "")
		}
	}
	return ""
}

func (s *seen) result(want any) *Miss {
	got := s.value()
	if _, isText := got.(string); !isText {
		if text, ok := want.(string); ok && text == s.content {
			return nil // JSON, expected as text
		}
	}
	if d := differs(want, got, false, ""); d != "" {
		return unequal("the result", want, got, d)
	}
	return nil
}

func (s *seen) part(want any) *Miss {
	got := s.value()
	if d := differs(want, got, true, ""); d != "" {
		return unequal("the result", want, shaped(want, got), d)
	}
	return nil
}

// shaped is the part of got that want names.
func shaped(want, got any) any {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return got
		}
		out := map[string]any{}
		for key := range w {
			if inner, has := g[key]; has {
				out[key] = shaped(w[key], inner)
			}
		}
		return out
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return got
		}
		out := make([]any, len(g))
		for i := range g {
			out[i] = shaped(w[i], g[i])
		}
		return out
	}
	return got
}

// plainText is the answer for a search in it: a JSON text without its quotes.
func (s *seen) plainText() string {
	if text, ok := s.value().(string); ok {
		return text
	}
	return s.content
}

func (s *seen) contains(want string) *Miss {
	if strings.Contains(s.plainText(), want) {
		return nil
	}
	return &Miss{Message: fmt.Sprintf("the result does not contain %s, and is %s", oneLine(quoted(want)), oneLine(s.content))}
}

func (s *seen) matches(want *regexp.Regexp) *Miss {
	if want.MatchString(s.plainText()) {
		return nil
	}
	return &Miss{Message: fmt.Sprintf("the result does not match %s, and is %s", want, oneLine(s.content))}
}

func (s *seen) fails(want string) *Miss {
	switch {
	case !s.failed:
		return &Miss{Message: "it did not fail, and its result is " + oneLine(s.content)}
	case !strings.Contains(s.plainText(), want):
		return &Miss{Message: fmt.Sprintf("it failed with %s, want %s", oneLine(quoted(s.plainText())), oneLine(quoted(want))), got: s.plainText()}
	}
	return nil
}

func (s *seen) publishes(want any) *Miss {
	p, some := want.(publication)
	switch {
	case !some && len(s.published) == 0:
		return nil
	case !some:
		return &Miss{Message: "it published on " + s.topics() + ", and nothing was expected", got: s.publications()}
	}
	said := ""
	for _, m := range s.published {
		if p.met(m) {
			return nil
		}
		if m.Topic == p.topic {
			said = "on " + p.topic + " it published another payload: " + differs(p.payload, decoded(m.Payload), true, "")
		}
	}
	switch {
	case said != "":
		return &Miss{Message: said}
	case len(s.published) == 0:
		return &Miss{Message: "it published nothing on " + p.topic + s.refused(p.topic)}
	}
	return &Miss{Message: fmt.Sprintf("it published nothing on %s, but on %s%s", p.topic, s.topics(), s.refused(p.topic))}
}

// met reports whether a message is the one that is expected.
func (p publication) met(m host.Message) bool {
	return m.Topic == p.topic && (!p.any || differs(p.payload, decoded(m.Payload), true, "") == "")
}

func (s *seen) topics() string {
	var list []string
	for _, m := range s.published {
		list = append(list, m.Topic)
	}
	return strings.Join(list, ", ")
}

// refused says what kept it from doing something.
func (s *seen) refused(what string) string {
	for _, l := range s.outcome.Record.Lacked {
		if l.What == what {
			return ": it was refused, and needs " + l.Needs
		}
	}
	return ""
}

func (s *seen) logs(want any) *Miss {
	phrase, some := want.(string)
	lines := s.lines()
	switch {
	case !some && len(lines) == 0, some && slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, phrase) }):
		return nil
	case len(lines) == 0:
		return &Miss{Message: fmt.Sprintf("no line of the log contains %s: it logged nothing", oneLine(quoted(phrase)))}
	}
	said := "  " + strings.Join(lines, "\n  ") + "\n"
	if !some {
		return &Miss{Message: "it logged, and nothing was expected", Diff: said, got: s.logged()}
	}
	return &Miss{Message: fmt.Sprintf("no line of the log contains %s", oneLine(quoted(phrase))), Diff: said}
}

// publications are the messages that came, as a file of tests has them. A payload that TOML
// cannot say is left out.
func (s *seen) publications() []any {
	list := []any{}
	for _, m := range s.published {
		one := map[string]any{"topic": m.Topic}
		if payload := decoded(m.Payload); payload != nil {
			one["payload"] = payload
		}
		if _, _, ok := literal(one); !ok {
			delete(one, "payload")
		}
		list = append(list, one)
	}
	return list
}

// logged are the lines of the log, each once.
func (s *seen) logged() []any {
	lines := []any{}
	for _, line := range s.lines() {
		if !slices.Contains(lines, any(line)) {
			lines = append(lines, line)
		}
	}
	return lines
}

// lines are those of the log.
func (s *seen) lines() (list []string) {
	for _, l := range s.outcome.Record.Logs {
		list = append(list, fmt.Sprintf("%s: %s", l.Level, l.Message))
	}
	return list
}

// file looks at a file that the guest wrote; want is its content, or false for none.
func (s *seen) file(path string, want any) *Miss {
	full := path
	if !strings.Contains(path, "://") && !strings.HasPrefix(path, "/") {
		full = "cwd://" + path
	}
	for _, f := range s.outcome.Record.Files {
		if f.Path != full || f.Folder {
			continue
		}
		switch {
		case f.Gone && want == false:
			return nil
		case f.Gone:
			return &Miss{Message: path + " was removed", got: false}
		case want == false:
			return &Miss{Message: path + " is there", got: string(f.Data)}
		case text(want) == string(f.Data):
			return nil
		}
		return unequal(path, text(want), string(f.Data), "its content differs")
	}
	if want == false {
		return nil
	}
	return &Miss{Message: path + " was not written" + s.refused(full) + s.written(), got: false}
}

func (s *seen) written() string {
	var list []string
	for _, f := range s.outcome.Record.Files {
		if !f.Folder && !f.Gone {
			list = append(list, f.Path)
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "; it wrote " + strings.Join(list, ", ")
}

// stored looks at a key; want is its value, or false for none.
func (s *seen) stored(key string, want any) *Miss {
	got, has := s.outcome.State[key]
	switch {
	case !has && want == false:
		return nil
	case !has:
		return &Miss{Message: fmt.Sprintf("the key %q holds nothing", key), got: false}
	case want == false:
		return &Miss{Message: fmt.Sprintf("the key %q holds %s", key, oneLine(string(got))), got: string(got)}
	case text(want) == string(got):
		return nil
	}
	if json.Valid(got) && differs(decoded([]byte(text(want))), decoded(got), false, "") == "" {
		return nil
	}
	return unequal(fmt.Sprintf("the key %q", key), decoded([]byte(text(want))), decoded(got), "its value differs")
}

// oneLine is a text for a sentence.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > shortest {
		return string(r[:shortest]) + "..."
	}
	if s == "" {
		return "empty"
	}
	return s
}
