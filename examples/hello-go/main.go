//go:build wasip1

// Command hello-go is a capsule that counts the lines, words and letters of a text.
package main

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// counts is the answer to count_text.
type counts struct {
	Lines   int `json:"lines"`
	Words   int `json:"words"`
	Letters int `json:"letters"`
}

// handle answers the handlers that Capsule.toml names in [subscribe].
func handle(action string, payload []byte) any {
	switch action {
	case "count_text":
		return count(string(payload))
	}
	return nil
}

func count(text string) counts {
	c := counts{Words: len(strings.Fields(text)), Letters: utf8.RuneCountInString(text)}
	if text != "" {
		c.Lines = strings.Count(strings.TrimSuffix(text, "\n"), "\n") + 1
	}
	return c
}

// answer turns handle's value into what the kernel expects: what to do next,
// and JSON, empty for none.
func answer(action string, payload []byte) (next, data string) {
	value := handle(action, payload)
	if value == nil {
		return "continue", ""
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "abort", ""
	}
	return "continue", string(text)
}

func main() {} // a reactor: the kernel calls the exports in abi.go
