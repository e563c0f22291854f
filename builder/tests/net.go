package tests

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/host"
)

// What the network answers, as files of tests have it.

// exchanges reads answers of the web.
func (f field) exchanges() (list []host.Exchange) {
	f.tables(`[{ url = "https://...", body = "..." }]`, []string{"url", "method", "sent", "status", "headers", "body"}, func(one field) {
		e := host.Exchange{Method: "GET", URL: one.at("url").text(), Status: 200, Headers: one.at("headers").words(), Body: []byte(text(one.at("body").value))}
		if e.URL == "" {
			one.fault(finding.TestValue, `write url = "https://..."`, "an answer of the web has a url")
		}
		if method := one.at("method"); method.found {
			e.Method = method.text()
		}
		if sent := one.at("sent"); sent.found {
			e.Sent = []byte(text(sent.value))
		}
		if status := one.at("status"); status.found {
			n, ok := status.value.(int64)
			if !ok || n < 100 || n > 599 {
				status.wrong("a whole number from 100 to 599", "write status = 200")
			}
			e.Status = int(n)
		}
		if !one.at("body").found {
			e.Body = nil
		}
		list = append(list, e)
	})
	return list
}

// conversations reads connections.
func (f field) conversations() (list []host.Conversation) {
	f.tables(`[{ address = "host:port", turns = [{ sent = "..." }, { received = "..." }] }]`, []string{"address", "peer", "refused", "turns", "end"}, func(one field) {
		c := host.Conversation{Address: one.at("address").text(), Peer: one.at("peer").text(), Refused: one.at("refused").among(host.Refusals), End: one.at("end").among(host.Ends)}
		if !strings.Contains(c.Address, ":") {
			one.fault(finding.TestValue, `write address = "host:port"`, "a connection has an address")
		}
		one.at("turns").tables(`[{ sent = "..." }, { received = "..." }]`, []string{"sent", "received", "sent_hex", "received_hex"}, func(turn field) {
			t := host.Turn{Sent: turn.said("sent"), Received: turn.said("received")}
			if (t.Sent == nil) == (t.Received == nil) {
				turn.fault(finding.TestValue, `write { sent = "..." }, { received = "..." }`, "in a turn either the capsule sends or it receives")
			}
			c.Turns = append(c.Turns, t)
		})
		if c.Refused != "" && len(c.Turns) > 0 {
			one.at("refused").fault(finding.TestValue, "take out refused, or turns", "a connection that is refused has no turns")
		}
		list = append(list, c)
	})
	return list
}

// said is what one side says, as text or in hexadecimal digits; nil: nothing.
func (f field) said(name string) []byte {
	as := f.at(name + "_hex")
	if !as.found {
		if plain := f.at(name); plain.found {
			return []byte(plain.text())
		}
		return nil
	}
	b, err := hex.DecodeString(strings.ReplaceAll(as.text(), " ", ""))
	if err != nil || f.at(name).found {
		as.wrong("pairs of hexadecimal digits, and stands alone", fmt.Sprintf("write %s_hex = \"00 ff\"", name))
	}
	return b
}

// among is a word of a list; "" where there is none.
func (f field) among(words []string) string {
	word := f.text()
	if word != "" && !slices.Contains(words, word) {
		f.fault(finding.TestValue, "it is one of "+strings.Join(words, ", "), "%s is never %q", f.name(), word)
	}
	return word
}

// hosts reads the addresses of names.
func (f field) hosts() map[string][]string {
	var all map[string][]string
	f.each(func(one field) {
		if all == nil {
			all = map[string][]string{}
		}
		all[strings.ToLower(one.name())] = one.texts()
	})
	return all
}

// network tells what the network answered.
func (r Recorded) network(b *strings.Builder, untold *[]string) {
	r.exchanges(b, untold)
	var list []map[string]any
	for _, c := range r.TCP {
		list = append(list, conversation(c))
	}
	inLines(b, "tcp", list)
	if len(r.Hosts) > 0 {
		table := map[string]any{}
		for name, addresses := range r.Hosts {
			found := []any{}
			for _, a := range addresses {
				found = append(found, a)
			}
			table[name] = found
		}
		line, _, _ := literal(table)
		fmt.Fprintf(b, "hosts = %s\n", line)
	}
}

// conversation is one as a table.
func conversation(c host.Conversation) map[string]any {
	one := map[string]any{"address": c.Address}
	for key, value := range map[string]string{"peer": c.Peer, "refused": c.Refused, "end": c.End} {
		if value != "" {
			one[key] = value
		}
	}
	turns := []any{}
	for _, t := range c.Turns {
		key, said := "sent", t.Sent
		if t.Sent == nil {
			key, said = "received", t.Received
		}
		if utf8.Valid(said) {
			turns = append(turns, map[string]any{key: string(said)})
		} else {
			turns = append(turns, map[string]any{key + "_hex": hex.EncodeToString(said)})
		}
	}
	if c.Refused == "" {
		one["turns"] = turns
	}
	return one
}

// exchanges tells what the web answered.
func (r Recorded) exchanges(b *strings.Builder, untold *[]string) {
	var list []map[string]any
	for _, e := range r.HTTP {
		if !utf8.Valid(e.Body) || !utf8.Valid(e.Sent) {
			*untold = append(*untold, "what is exchanged with "+e.URL+", which is no text")
			return
		}
		one := map[string]any{"method": e.Method, "url": e.URL, "status": json.Number(fmt.Sprint(e.Status)), "body": string(e.Body)}
		if len(e.Sent) > 0 {
			one["sent"] = string(e.Sent)
		}
		if len(e.Headers) > 0 {
			headers := map[string]any{}
			for name, value := range e.Headers {
				headers[name] = value
			}
			one["headers"] = headers
		}
		list = append(list, one)
	}
	inLines(b, "http", list)
}

// inLines is an array of tables, one a line.
func inLines(b *strings.Builder, key string, list []map[string]any) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(b, "%s = [\n", key)
	for _, one := range list {
		line, _, _ := literal(one)
		fmt.Fprintf(b, "  %s,\n", line)
	}
	b.WriteString("]\n")
}
