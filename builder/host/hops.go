package host

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// Limits of the crate astrid-capsule, engine/wasm/limits.rs, as a fresh runtime has them.
const (
	maxRedirects = 10
	httpTimeout  = 30 * time.Second
)

// exchange is one request with what came of it.
type exchange struct {
	response  *http.Response
	redirects uint32
	final     string
	cancel    context.CancelFunc
}

// start sends a request and follows where it is led to, each step through the same gates.
func (h web) start(function string, r httpRequest, o requestOptions) (*exchange, error) {
	timeout := httpTimeout
	if o.Timeouts != nil && o.Timeouts.TotalMs != nil {
		timeout = min(time.Duration(min(*o.Timeouts.TotalMs, 300_000))*time.Millisecond, 5*time.Minute)
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	e, err := h.follow(ctx, function, r, o)
	if err != nil {
		cancel()
		return nil, err
	}
	e.cancel = cancel
	return e, nil
}

func (h web) follow(ctx context.Context, function string, r httpRequest, o requestOptions) (*exchange, error) {
	most := uint32(maxRedirects)
	if o.MaxRedirects != nil {
		most = min(*o.MaxRedirects, most)
	}
	policy := redirectPolicy("follow")
	if o.Redirect != nil {
		policy = *o.Redirect
	}
	method, body := h.method(r.Method), r.Body
	at := r.Url
	headers := r.Headers
	for n := uint32(0); ; n++ {
		response, err := h.send(ctx, function, hop{at, method, headers, body, o.HttpsOnly != nil && *o.HttpsOnly})
		if err != nil {
			return nil, err
		}
		location := response.Header.Get("Location")
		if response.StatusCode < 300 || response.StatusCode >= 400 || location == "" || policy == "manual" {
			return &exchange{response: response, redirects: n, final: at}, nil
		}
		response.Body.Close()
		from, _ := parseURL(at)
		next, err := from.Parse(location)
		switch {
		case policy == "error":
			return nil, fail("redirect-blocked")
		case err != nil:
			return nil, fail("invalid-request")
		case n >= most:
			return nil, fail("too-many-redirects")
		case next.Scheme != from.Scheme || next.Host != from.Host:
			headers = slices.DeleteFunc(slices.Clone(headers), func(kv keyValue) bool {
				return strings.EqualFold(kv.Key, "authorization") || strings.EqualFold(kv.Key, "cookie")
			})
		}
		if response.StatusCode == 303 || (response.StatusCode == 301 || response.StatusCode == 302) && method != "GET" && method != "HEAD" {
			method, body = "GET", nil
		}
		at = next.String()
	}
}

// hop is one request on the way.
type hop struct {
	url, method string
	headers     []keyValue
	body        *[]byte
	httpsOnly   bool
}

func (h web) send(ctx context.Context, function string, p hop) (*http.Response, error) {
	port, err := h.gate(function, p)
	if err != nil {
		return nil, err
	}
	var sent []byte
	var body io.Reader
	if p.body != nil {
		sent = *p.body
		body = bytes.NewReader(sent)
	}
	if recorded := h.replay(p, sent); recorded != nil {
		return recorded, nil
	}
	private, err := h.allowed(function, p, port)
	if err != nil {
		return nil, err
	}
	u, err := parseURL(p.url)
	if err != nil {
		return nil, fail("invalid-request")
	}
	request, err := http.NewRequestWithContext(ctx, p.method, u.String(), body)
	if err != nil {
		return nil, fail("invalid-request")
	}
	for _, kv := range p.headers {
		if strings.EqualFold(kv.Key, "host") {
			request.Host = kv.Value
		}
		request.Header.Add(kv.Key, kv.Value)
	}
	transport := &http.Transport{DialContext: dialer(private).DialContext, DisableKeepAlives: true, ForceAttemptHTTP2: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return nil, httpError(err)
	}
	if h.options.RecordNet {
		return response, h.record(p, sent, response)
	}
	return response, nil
}

// Methods of the WIT's variant; other carries its own.
var methods = map[string]string{"get": "GET", "head": "HEAD", "post": "POST", "put": "PUT", "delete": "DELETE",
	"connect": "CONNECT", "options": "OPTIONS", "trace": "TRACE", "patch": "PATCH"}

func (h web) method(c abi.Case) string {
	if name, ok := methods[c.Name]; ok {
		return name
	}
	name, _ := c.Value.(string)
	return name
}

// gate holds a request against its scheme and the manifest. The port is that of its host.
func (h web) gate(function string, p hop) (port uint16, err error) {
	u, err := parseURL(p.url)
	switch {
	case err != nil || u.Scheme == "":
		return 0, fail("invalid-request")
	case u.Scheme != "https" && (u.Scheme != "http" || p.httpsOnly):
		return 0, fail("scheme-denied")
	case u.Hostname() == "":
		return 0, fail("invalid-request")
	}
	host := u.Hostname()
	declared := func(d string) bool { return d == "*" || host == d || strings.HasSuffix(host, "."+d) }
	if !slices.ContainsFunc(h.options.Capabilities.Net, declared) {
		return 0, h.denied("astrid:http/host."+function, p.url, `[capabilities] net = ["`+host+`"]`)
	}
	number := uint64(443)
	if u.Scheme == "http" {
		number = 80
	}
	if u.Port() != "" {
		if number, err = strconv.ParseUint(u.Port(), 10, 16); err != nil {
			return 0, fail("invalid-request")
		}
	}
	return uint16(number), nil
}

// allowed holds a request against what a person allowed.
func (h web) allowed(function string, p hop, port uint16) (private bool, err error) {
	u, err := parseURL(p.url)
	if err != nil {
		return false, fail("invalid-request")
	}
	allowed, private := h.reach(u.Hostname(), port)
	if !allowed {
		h.book.lack(Lack{"astrid:http/host." + function, p.url, "--allow-net " + u.Hostname()})
		return false, fail("connection-error")
	}
	return private, nil
}

// parseURL is what the runtime's parser makes of a URL: of the web's schemes it passes over
// slashes that are too many (the URL standard of WHATWG).
func parseURL(s string) (*url.URL, error) {
	scheme, rest, ok := strings.Cut(s, ":")
	if ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https")) {
		s = scheme + "://" + strings.TrimLeft(rest, `/\`)
	}
	return url.Parse(s)
}
