package toolchain

import (
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
)

// cargoMessage is one line of cargo's JSON.
type cargoMessage struct {
	Reason       string       `json:"reason"`
	ManifestPath string       `json:"manifest_path"`
	Message      rustMessage  `json:"message"`
	Target       cargoProduct `json:"target"`
	Filenames    []string     `json:"filenames"`
	Fresh        bool         `json:"fresh"`
}

type cargoProduct struct {
	Name       string   `json:"name"`
	CrateTypes []string `json:"crate_types"`
}

type rustMessage struct {
	Level    string        `json:"level"`
	Message  string        `json:"message"`
	Rendered string        `json:"rendered"`
	Spans    []rustSpan    `json:"spans"`
	Children []rustMessage `json:"children"`
	Code     *struct {
		Code string `json:"code"`
	} `json:"code"`
}

type rustSpan struct {
	File      string `json:"file_name"`
	Line      int    `json:"line_start"`
	Column    int    `json:"column_start"` // in characters
	Primary   bool   `json:"is_primary"`
	Label     string `json:"label"`
	Suggested string `json:"suggested_replacement"`
	Text      []struct {
		Text string `json:"text"`
	} `json:"text"`
	Expansion *struct {
		Span rustSpan `json:"span"`
	} `json:"expansion"`
}

// eachMessage calls fn for every line of out that is a message of cargo's.
func eachMessage(out []byte, fn func(cargoMessage)) {
	for line := range bytes.Lines(out) {
		var m cargoMessage
		if bytes.HasPrefix(line, []byte("{")) && json.Unmarshal(line, &m) == nil && m.Reason != "" {
			fn(m)
		}
	}
}

// messages makes findings of the compiler's messages.
func (c *crate) messages(stdout []byte) []finding.Finding {
	var list []finding.Finding
	eachMessage(stdout, func(m cargoMessage) {
		if m.Reason == "compiler-message" && !summary.MatchString(m.Message.Message) && m.Message.Level != "failure-note" {
			list = append(list, c.messageFinding(m.Message))
		}
	})
	return unique(list)
}

// summary matches the compiler's own counting.
var summary = regexp.MustCompile(`^aborting due to |^\d+ warnings? emitted|^could not compile |^build failed`)

func (c *crate) messageFinding(m rustMessage) finding.Finding {
	f := finding.Finding{Severity: severity(m.Level), Message: m.Message, Hint: m.hint()}
	if m.Code != nil {
		f.Code = finding.Code(m.Code.Code)
	}
	for _, span := range m.Spans {
		if !span.Primary {
			continue
		}
		if span.Label != "" && span.Label != m.Message {
			f.Message += ": " + span.Label
		}
		span = span.written()
		// rustc runs in the workspace's root, wherever the crate lies
		f.File, f.Line, f.Column = relative(c.dir, c.files.Workspace, span.File), span.Line, span.byteColumn()
		break
	}
	return f
}

// written is the place in the author's own text that a macro was expanded from.
func (s rustSpan) written() rustSpan {
	for s.Expansion != nil && s.Expansion.Span.File != "" && (strings.HasPrefix(s.File, "<") || filepath.IsAbs(s.File)) {
		s = s.Expansion.Span
	}
	return s
}

func (s rustSpan) byteColumn() int {
	if len(s.Text) == 0 || s.Column < 1 {
		return s.Column
	}
	runes := []rune(s.Text[0].Text)
	return len(string(runes[:min(s.Column-1, len(runes))])) + 1
}

// hint is the compiler's first help, with the text that it suggests.
func (m rustMessage) hint() string {
	for _, child := range m.Children {
		if child.Level != "help" {
			continue
		}
		if len(child.Spans) == 1 && strings.TrimSpace(child.Spans[0].Suggested) != "" {
			return child.Message + ": " + strings.TrimSpace(child.Spans[0].Suggested)
		}
		return child.Message
	}
	return ""
}

// renderCargo shows the messages as cargo without JSON would have.
func renderCargo(w io.Writer) io.Writer { return &cargoRenderer{to: w} }

// cargoRenderer holds the start of a line until the rest has come. Only the
// goroutine that copies the build's output writes to it.
type cargoRenderer struct {
	to   io.Writer
	held []byte
}

// lineKept bounds a line that does not end; cargo's longest are a few 100 KiB.
const lineKept = 4 << 20

func (r *cargoRenderer) Write(p []byte) (int, error) {
	r.held = append(r.held, p...)
	for {
		end := bytes.IndexByte(r.held, '\n') + 1
		if end == 0 {
			if len(r.held) > 0 && (r.held[0] != '{' || len(r.held) > lineKept) {
				end = len(r.held) // no message: a build script's or a wrapper's own words
			} else {
				return len(p), nil
			}
		}
		line := r.held[:end]
		var m cargoMessage
		if line[0] == '{' && json.Unmarshal(line, &m) == nil && m.Reason != "" {
			line = []byte(m.Message.Rendered)
		}
		_, err := r.to.Write(line)
		r.held = append(r.held[:0], r.held[end:]...)
		if err != nil {
			return 0, err
		}
		if len(r.held) == 0 {
			return len(p), nil
		}
	}
}
