package serve

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// What a page of somebody else's can have a browser do: ask by an address, by a name that it turned to this
// machine, without permission to read the answer, or as a script of its own (GHSA-67mh-4wv8-2f99 of esbuild,
// GHSA-vg6x-rcgg-rjx6 of vite). None of it is answered.
func TestOthersAreRefused(t *testing.T) {
	s := show(t, "").serve()
	s.ready("a")
	paths := map[string]string{"/": "GET", "/main.js": "GET", "/api/events": "GET", "/api/status": "GET", "/api/capsule?dir=x": "GET", "/api/tools?dir=x": "GET", "/api/call": "POST"}
	for name, change := range map[string]func(*http.Request){
		"a name turned to this machine":        func(r *http.Request) { r.Host = "evil.example:" + port(s) },
		"such a name as its own origin":        func(r *http.Request) { r.Host = "evil.example"; r.Header.Set("Origin", "http://evil.example") },
		"a name that begins as ours":           func(r *http.Request) { r.Host = "127.0.0.1.evil.example:" + port(s) },
		"localhost of somebody else":           func(r *http.Request) { r.Host = "localhost.evil.example" },
		"an address of another machine":        func(r *http.Request) { r.Host = "10.0.0.1" },
		"no host that can be read":             func(r *http.Request) { r.Host = "[::1" },
		"a page elsewhere":                     func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"a page without an origin":             func(r *http.Request) { r.Header.Set("Origin", "null") },
		"a page of another port of this":       func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") },
		"our name with TLS, which is not ours": func(r *http.Request) { r.Header.Set("Origin", "https://"+r.Host) },
		"two origins":                          func(r *http.Request) { r.Header["Origin"] = []string{"http://" + r.URL.Host, "http://evil.example"} },
		"a script tag elsewhere":               func(r *http.Request) { fetched(r, "cross-site", "no-cors", "script") },
		"a frame elsewhere":                    func(r *http.Request) { fetched(r, "cross-site", "navigate", "iframe") },
		"a page of another port, no origin":    func(r *http.Request) { fetched(r, "same-site", "no-cors", "empty") },
	} {
		for path, method := range paths {
			answer := s.ask(method, path, "{}", change)
			if text := body(t, answer); answer.StatusCode != http.StatusForbidden || !strings.Contains(text, `"error"`) {
				t.Errorf("%s: %s is answered with %d %s", name, path, answer.StatusCode, text)
			}
			if allowed := answer.Header.Get("Access-Control-Allow-Origin"); allowed != "" {
				t.Errorf("%s: %s may be read by %s", name, path, allowed)
			}
		}
	}
}

func fetched(r *http.Request, site, mode, dest string) {
	r.Header.Set("Sec-Fetch-Site", site)
	r.Header.Set("Sec-Fetch-Mode", mode)
	r.Header.Set("Sec-Fetch-Dest", dest)
}

func port(s *shown) string { return s.at("")[strings.LastIndex(s.at(""), ":")+1:] }

// The token is all of it, and not in the place of something else.
func TestTheTokenIsAsked(t *testing.T) {
	s := show(t, "").serve()
	for name, change := range map[string]func(*http.Request){
		"none":                func(r *http.Request) { r.Header.Del("Authorization") },
		"an empty one":        func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") },
		"another":             func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+strings.Repeat("A", len(s.token))) },
		"a part":              func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.token[:25]) },
		"more than it":        func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.token+"A") },
		"without its word":    func(r *http.Request) { r.Header.Set("Authorization", s.token) },
		"in the address":      func(r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "token=" + s.token },
		"in a cookie":         func(r *http.Request) { r.Header.Del("Authorization"); r.Header.Set("Cookie", "token="+s.token) },
		"of the path's sides": func(r *http.Request) { r.Header.Del("Authorization"); r.URL.Path = "//api/status" },
	} {
		answer := s.ask("GET", "/api/status", "", change)
		if text := body(t, answer); answer.StatusCode == http.StatusOK || strings.Contains(text, `"standing"`) {
			t.Errorf("%s is enough: %s", name, text)
		}
	}
	if answer := s.ask("GET", "/api/status", "", nil); answer.StatusCode != http.StatusOK {
		t.Errorf("the token is not enough: %d", answer.StatusCode)
	}
}

// Who may ask does: the page itself, a program, somebody behind a tunnel, and who follows a link to the page.
func TestOwnPageIsAnswered(t *testing.T) {
	s := show(t, "").serve()
	for name, change := range map[string]func(*http.Request){
		"a program":             nil,
		"the page":              func(r *http.Request) { r.Header.Set("Origin", s.at("")); fetched(r, "same-origin", "cors", "empty") },
		"localhost":             func(r *http.Request) { r.Host = "LOCALHOST:" + port(s) },
		"a tunnel":              func(r *http.Request) { r.Host = "127.0.0.1:9"; r.Header.Set("Origin", "http://127.0.0.1:9") },
		"another loopback":      func(r *http.Request) { r.Host = "[::1]:" + port(s) },
		"what somebody typed":   func(r *http.Request) { fetched(r, "none", "navigate", "document") },
		"a link of another one": func(r *http.Request) { r.URL.Path = "/"; fetched(r, "cross-site", "navigate", "document") },
	} {
		if answer := s.ask("GET", "/api/status", "", change); answer.StatusCode != http.StatusOK {
			t.Errorf("%s is not answered: %d %s", name, answer.StatusCode, body(t, answer))
		}
	}
}

// Every answer has the headers that keep others out, and none that lets them in; also one to a question before the
// question, as a browser asks it for another site's page.
func TestHeaders(t *testing.T) {
	s := show(t, "").serve()
	for _, path := range []string{"/", "/main.js", "/nothing", "/api/status", "/api/nothing"} {
		for _, method := range []string{"GET", "POST", "OPTIONS", "HEAD"} {
			answer := s.ask(method, path, "", nil)
			for name, part := range map[string]string{"Content-Security-Policy": "default-src 'none'; script-src 'self';", "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
				"Cross-Origin-Opener-Policy": "same-origin", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
				if value := answer.Header.Get(name); !strings.Contains(value, part) {
					t.Errorf("%s %s: %s is %q", method, path, name, value)
				}
			}
			for name := range answer.Header {
				if strings.HasPrefix(name, "Access-Control-") || name == "Set-Cookie" {
					t.Errorf("%s %s has %s", method, path, name)
				}
			}
			if strings.Contains(answer.Header.Get("Content-Security-Policy"), "unsafe") {
				t.Error("the policy allows what is unsafe")
			}
			if read := method == "GET" || method == "HEAD"; read != (answer.StatusCode == http.StatusOK) && !strings.Contains(path, "nothing") {
				t.Errorf("%s %s is answered with %d", method, path, answer.StatusCode)
			}
		}
	}
}

// Which hosts are the server's own hangs on where it listens.
func TestHostsOfAListener(t *testing.T) {
	for _, c := range []struct {
		name, ip string
		yes, no  string
	}{
		{"127.0.0.1", "127.0.0.1", "127.0.0.1 127.0.0.1:80 localhost:80 [::1]:80 127.9.9.9 [::ffff:127.0.0.1]:80", "10.0.0.1 0.0.0.0:80 host:80 localhost. 127.1"},
		{"::1", "::1", "[::1]:80 localhost 127.0.0.1", "[fe80::1]:80"},
		{"0.0.0.0", "0.0.0.0", "10.0.0.1:80 127.0.0.1 localhost [2001:db8::1]:80", "host host.local:80"},
		{"::", "::", "10.0.0.1:80 [::1]:80 localhost", "host"},
		{"10.0.0.1", "10.0.0.1", "10.0.0.1:80", "10.0.0.2 localhost 127.0.0.1 host"},
		{"Host.Local", "10.0.0.1", "host.local:80 HOST.LOCAL 10.0.0.1", "local localhost x.host.local"},
	} {
		g := newGuard(c.name, netip.MustParseAddr(c.ip), "x")
		for host := range strings.FieldsSeq(c.yes) {
			if !g.knows(host) {
				t.Errorf("at %s, %s is not known", c.name, host)
			}
		}
		for host := range strings.FieldsSeq(c.no + " evil.example:80 :80 [] ") {
			if g.knows(host) {
				t.Errorf("at %s, %s is known", c.name, host)
			}
		}
		if g.knows("") {
			t.Errorf("at %s, no host is known", c.name)
		}
	}
}
