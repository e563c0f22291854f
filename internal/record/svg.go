package main

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// The picture's measures, in pixels.
const (
	letterWidth = 8.43
	lineHeight  = 18
	margin      = 14
)

// colours of the terminal's eight, dim and bright, on a dark ground.
var colours = map[string]string{"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341", "34": "#79c0ff", "35": "#d2a8ff", "36": "#76e3ea", "90": "#8b949e",
	"91": "#ff7b72", "92": "#7ee787", "93": "#e3b341", "94": "#79c0ff", "95": "#d2a8ff", "96": "#76e3ea"}

// picture is frames as an SVG that plays them for ever. Who wants no motion sees the last one.
func picture(frames []frame) []byte {
	var total time.Duration
	for i := range frames {
		frames[i].shown = min(frames[i].shown, longest)
		total += frames[i].shown
	}
	var out, style bytes.Buffer
	start := time.Duration(0)
	for i, f := range frames {
		from, to := percent(start, total), percent(start+f.shown, total)
		fmt.Fprintf(&style, "@keyframes f%d{0%%{visibility:hidden}%s%%{visibility:visible}%s%%{visibility:hidden}}#f%d{animation:f%d %.2fs step-end infinite}\n",
			i, from, to, i, i, total.Seconds())
		start += f.shown
	}
	width, height := 2*margin+9*columns, rows*lineHeight+2*margin
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" aria-label="a session of astrid-dev watch">`+"\n",
		width, height, width, height)
	fmt.Fprintf(&out, "<style>\ntext{font:14px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;fill:#e6edf3;white-space:pre}g{visibility:hidden}\n%s"+
		"@media (prefers-reduced-motion:reduce){g{animation:none!important}#f%d{visibility:visible}}\n</style>\n", style.Bytes(), len(frames)-1)
	fmt.Fprintf(&out, `<rect width="%d" height="%d" rx="8" fill="#0d1117"/>`+"\n", width, height)
	for i, f := range frames {
		fmt.Fprintf(&out, `<g id="f%d">`+"\n", i)
		for n, line := range strings.Split(strings.TrimRight(f.screen, "\n"), "\n") {
			if text := spans(line); text != "" {
				fmt.Fprintf(&out, `<text y="%d">%s</text>`+"\n", margin+(n+1)*lineHeight-5, text)
			}
		}
		out.WriteString("</g>\n")
	}
	out.WriteString("</svg>\n")
	return out.Bytes()
}

func percent(part, total time.Duration) string {
	return strings.TrimSuffix(fmt.Sprintf("%.3f", 100*part.Seconds()/total.Seconds()), ".000")
}

var (
	sgr   = regexp.MustCompile("\x1b\\[([0-9;]*)m")
	other = regexp.MustCompile("\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)|\x1b[()][A-Z0-9]|[\x0e\x0f]")
)

// spans is one line of a screen as pieces of text, each at its place and in its colour.
func spans(line string) string {
	line = other.ReplaceAllString(line, "")
	var out strings.Builder
	column, look := 0, ""
	write := func(text string) {
		if strings.TrimSpace(text) != "" {
			fmt.Fprintf(&out, `<tspan x="%.1f"%s>%s</tspan>`, margin+float64(column)*letterWidth, look, html.EscapeString(strings.TrimRight(text, " ")))
		}
		column += utf8.RuneCountInString(text)
	}
	for {
		at := sgr.FindStringSubmatchIndex(line)
		if at == nil {
			write(line)
			return out.String()
		}
		write(line[:at[0]])
		look = attributes(look, line[at[2]:at[3]])
		line = line[at[1]:]
	}
}

// attributes is how text looks after codes, when it looked like this before.
func attributes(look, codes string) string {
	for _, code := range strings.Split(codes, ";") {
		switch {
		case code == "" || code == "0":
			look = ""
		case code == "1":
			look += ` font-weight="bold"`
		case code == "2":
			look += ` opacity=".65"`
		case code == "39":
			look = withoutFill.ReplaceAllString(look, "")
		case colours[code] != "":
			look = withoutFill.ReplaceAllString(look, "") + ` fill="` + colours[code] + `"`
		}
	}
	return look
}

var withoutFill = regexp.MustCompile(` fill="[^"]*"`)
