package text

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestCut(t *testing.T) {
	for _, test := range []struct {
		text  string
		width int
		want  string
	}{{"abc", 2, "ab"}, {"abc", 3, "abc"}, {"äöü", 2, "äö"}, {"日本語", 5, "日本"}, {"abc", 0, ""}, {"", 5, ""}, {"e\u0301e\u0301x", 2, "e\u0301e\u0301"}, {"abc", -1, ""}} {
		if got := Cut(test.text, test.width); got != test.want {
			t.Errorf("%q in %d: %q", test.text, test.width, got)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, c := range []struct {
		line  string
		width int
		want  []string
	}{
		{"short", 20, []string{"short"}},
		{"no terminal, so nothing is ever cut here", 0, []string{"no terminal, so nothing is ever cut here"}},
		{"  hint: cut between two words here", 20, []string{"  hint: cut between", "  two words here"}},
		{"12345678901234567890 exactly", 20, []string{"12345678901234567890", "exactly"}},
		{"/a/path/that/is/longer/than/it word", 20, []string{"/a/path/that/is/longer/than/it", "word"}},
		{"/a/path/that/is/longer/than/it", 20, []string{"/a/path/that/is/longer/than/it"}},
		{"  日本語日本語日 日本語", 20, []string{"  日本語日本語日", "  日本語"}},
		{strings.Repeat(" ", 40), 20, []string{strings.Repeat(" ", 40)}},
	} {
		if got := Wrap(c.line, c.width); !slices.Equal(got, c.want) {
			t.Errorf("Wrap(%q, %d)\n got %q\nwant %q", c.line, c.width, got, c.want)
		}
	}
}

// FuzzLive holds that nothing but colours reaches the terminal.
func FuzzLive(f *testing.F) {
	for _, seed := range []string{"plain", "\x1b[31mred", "\x1b[2J", "\x1b]0;t\a", "\x9b2J", "a\rb", "\x1b", "\x1b[", "\x1b\x1b[31m\x1bc", "\u202e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if got := Live(line, false); bytes.ContainsFunc([]byte(got), func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) {
			t.Errorf("%q: %q", line, got)
		}
		got := Live(line, true)
		for rest := got; ; {
			_, after, found := strings.Cut(rest, "\x1b")
			if !found {
				break
			}
			i := strings.IndexFunc(after, func(r rune) bool { return !strings.ContainsRune("[0123456789;:", r) })
			if i < 0 || after[i] != 'm' || after[0] != '[' {
				t.Fatalf("%q: %q", line, got)
			}
			rest = after[i:]
		}
		if strings.Contains(got, "\x1b") && !strings.HasSuffix(got, reset) {
			t.Errorf("%q: colours run on: %q", line, got)
		}
	})
}

// What is read is harmless: nothing in it moves the cursor, ends the line or reorders it.
func TestHarmless(t *testing.T) {
	for in, want := range map[string][3]string{ // as a name, as a document has it, without sequences
		"plain":                      {"plain", "plain", "plain"},
		"a\x1b[31mred\x1b[0m":        {`a\x1b[31mred\x1b[0m`, "ared", "ared"},
		"\x1b]0;title\x07x":          {`\x1b]0;title\x07x`, "x", "x"},
		"\x1b]8;;http://e\x1b\\link": {`\x1b]8;;http://e\x1b\link`, "link", "link"},
		"\x1b]0;no end\nnext":        {`\x1b]0;no end\x0anext`, "]0;no end\nnext", "]0;no end\nnext"},
		"a\u202eb":                   {`a\u202eb`, "a\ufffdb", "a\u202eb"},
		"a\r\nb\rc\x00":              {`a\x0d\x0ab\x0dc\x00`, "a\nb\nc\u2400", "a\r\nb\rc\x00"},
		"\xff\x9b2J":                 {`\xff\x9b2J`, "\ufffd\ufffd2J", "\xff\x9b2J"},
		"\U0001f469\u200d\U0001f680": {"\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680"},
	} {
		if got := [3]string{Name(in), Shown(in), Strip(in)}; got != want {
			t.Errorf("%q:\n got %q\nwant %q", in, got, want)
		}
	}
}

func TestBlockGivesNoOrders(t *testing.T) {
	got := Block("one\n::error::two\n  ##vso[task]three\n\t::four ##[x]", "  ")
	if want := "one\n  : :error::two\n    ## vso[task]three\n      : :four ## [x]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMeasures(t *testing.T) {
	for got, want := range map[string]string{
		Count(1, "error"): "1 error", Count(0, "error"): "0 errors", Count(2, "error"): "2 errors",
		Size(12): "12 B", Size(2048): "2 KB", Size(3 << 20): "3.0 MB",
		Memory(12): "12 bytes", Memory(1536): "1.5 KiB", Memory(64 << 20): "64 MiB", Memory(3 << 19): "1.5 MiB", Memory(3 << 30): "3.0 GiB",
		Seconds(510): "0.51 s", Took(0): "", Took(610): "610 ms", Took(1200): "1.2 s",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
