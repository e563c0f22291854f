package host

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
)

// Exchange is a request to the web with its answer: one that was recorded, and that answers the same
// request in place of the network. It passes between processes as JSON.
type Exchange struct {
	Method  string            `json:"method"` // GET
	URL     string            `json:"url"`
	Sent    []byte            `json:"sent,omitempty"` // what the request's body must be; nil: anything
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers,omitempty"` // of the answer, names in small letters
	Body    []byte            `json:"body,omitempty"`
}

// keptHeaders are those of an answer that are recorded: what a guest may go by, and no cookie.
var keptHeaders = []string{"content-type", "location", "etag", "last-modified", "retry-after", "link"}

// replay is the recorded answer to a request; nil: there is none. Several to the same request
// answer in their order, and the last one from then on.
func (h web) replay(p hop, sent []byte) *http.Response {
	var found *Exchange
	for i := range h.options.HTTP {
		e := &h.options.HTTP[i]
		if e.Method != p.method || e.URL != p.url || e.Sent != nil && !bytes.Equal(e.Sent, sent) {
			continue
		}
		if found = e; !h.answered[e] {
			break
		}
	}
	if found == nil {
		return nil
	}
	h.answered[found] = true
	header := http.Header{}
	for name, value := range found.Headers {
		header.Set(name, value)
	}
	return &http.Response{StatusCode: found.Status, Header: header, Body: io.NopCloser(bytes.NewReader(found.Body))}
}

// record keeps an exchange, and gives the answer a body that can be read once more.
func (h web) record(p hop, sent []byte, r *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	r.Body.Close()
	if err != nil {
		return httpError(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	e := Exchange{Method: p.method, URL: p.url, Sent: slices.Clone(sent), Status: r.StatusCode, Body: body}
	for _, name := range keptHeaders {
		if value := r.Header.Get(name); value != "" {
			if e.Headers == nil {
				e.Headers = map[string]string{}
			}
			e.Headers[strings.ToLower(name)] = value
		}
	}
	h.book.exchange(e)
	return nil
}

func httpError(err error) error {
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.Is(err, errPrivate):
		return fail("airlock-rejected")
	case errors.As(err, &dns):
		return fail("dns-error")
	case errors.As(err, &timeout) && timeout.Timeout():
		return fail("timeout")
	case strings.Contains(err.Error(), "tls:"), strings.Contains(err.Error(), "x509:"):
		return fail("tls-error")
	}
	return fail("connection-error")
}
