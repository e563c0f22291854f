package calls

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"slices"
	"strings"
)

// hidden is what stands in the place of a secret.
const hidden = "(a secret)"

// shortest is how many bytes a value has that is hidden: less is no secret, and is in every text.
const shortest = 4

// hider is a writer that lets no secret of [env] through, whoever wrote it: the guest in a log line, an answer
// or a publication, or we. What it is given is written by flush.
type hider struct {
	bytes.Buffer
	to      io.Writer
	secrets []string // their values
}

// hiding makes one.
func (a *Answer) hiding(to io.Writer) *hider { return &hider{to: to, secrets: a.secrets} }

func (h *hider) flush() error {
	_, err := io.WriteString(h.to, hide(h.String(), h.secrets))
	return err
}

// hide replaces secrets as they are, as JSON writes them, and in base64, as JSON writes a file.
func hide(s string, secrets []string) string {
	secrets = slices.Clone(secrets)
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // one may be a part of another
	for _, secret := range secrets {
		if len(secret) < shortest {
			continue
		}
		s = strings.ReplaceAll(s, secret, hidden)
		if quoted, err := json.Marshal(secret); err == nil {
			inner := string(quoted[1 : len(quoted)-1])
			s = strings.ReplaceAll(s, inner, hidden)
			if again, err := json.Marshal(inner); err == nil { // JSON inside of a text
				s = strings.ReplaceAll(s, string(again[1:len(again)-1]), hidden)
			}
		}
		s = strings.ReplaceAll(s, base64.StdEncoding.EncodeToString([]byte(secret)), hidden)
	}
	return s
}

// blank takes secrets out of the files of an answer, which are written in base64: there a secret
// has another form at each place. What --write writes is not touched.
func blank(data []byte, secrets []string) []byte {
	for _, secret := range secrets {
		if len(secret) >= shortest {
			data = bytes.ReplaceAll(data, []byte(secret), []byte(hidden))
		}
	}
	return data
}
