package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guard says who may ask. It takes nothing for granted but what a browser cannot be made to lie about
// by a page of somebody else's: the host that it believes to talk to, where a request comes from, and a
// secret that only the reader of the printed URL has.
type guard struct {
	name   string     // the host that the server was told to listen at
	ip     netip.Addr // where it listens
	secret [sha256.Size]byte
}

func newGuard(name string, ip netip.Addr, token string) guard {
	return guard{name: strings.ToLower(name), ip: ip.Unmap(), secret: sha256.Sum256([]byte(token))}
}

// refusal is why a request is not answered; nil when it is.
func (g guard) refusal(r *http.Request) *failure {
	switch {
	case !g.knows(r.Host):
		return &failure{http.StatusForbidden, "this server has another name than " + r.Host, "open the URL that watch printed; for another name give watch --serve=NAME:PORT"}
	case !sameOrigin(r):
		return &failure{http.StatusForbidden, "another site's page asks", ""}
	case strings.HasPrefix(r.URL.Path, "/api/") && !g.lets(r.Header.Get("Authorization")):
		return &failure{http.StatusUnauthorized, "the token is missing or is another run's", "open the URL that watch printed; astrid-dev status says it again"}
	}
	return nil
}

// knows reports whether host, a Host header, is one of this server's: an address, which no name server
// can turn to somebody else's name, localhost, or the name that it was told. The port
// says nothing: a tunnel may have another one.
func (g guard) knows(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil { // no port
		name = host
		if inside, bracket := strings.CutPrefix(host, "["); bracket {
			name, bracket = strings.CutSuffix(inside, "]")
			if !bracket {
				return false
			}
		}
	}
	name = strings.ToLower(name)
	ip, err := netip.ParseAddr(name)
	switch {
	case name == "localhost":
		return g.ip.IsLoopback() || g.ip.IsUnspecified()
	case err != nil:
		return name != "" && name == g.name
	case g.ip.IsUnspecified():
		return true
	}
	ip = ip.Unmap()
	return ip == g.ip || ip.IsLoopback() && g.ip.IsLoopback()
}

// sameOrigin reports whether a request comes from this server's own page, from no page at all, or is
// somebody who follows a link to the page, which is nothing without its token. A browser says so
// in two headers, and programs say neither.
func sameOrigin(r *http.Request) bool {
	if origin, said := r.Header["Origin"]; said && (len(origin) != 1 || origin[0] != "http://"+r.Host) {
		return false
	}
	site, said := r.Header["Sec-Fetch-Site"]
	if !said || len(site) == 1 && (site[0] == "same-origin" || site[0] == "none") {
		return true
	}
	return r.Method == http.MethodGet && r.URL.Path == "/" &&
		r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// lets reports whether authorization is the token. How long it takes says nothing of how much is right.
func (g guard) lets(authorization string) bool {
	token, bearer := strings.CutPrefix(authorization, "Bearer ")
	sum := sha256.Sum256([]byte(token))
	return bearer && subtle.ConstantTimeCompare(sum[:], g.secret[:]) == 1
}

// policy is what the page may do: run and load its own files, and ask its own server. Text never
// becomes markup: a browser that knows trusted types sees to it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// harden sets the headers that every answer has. None lets another origin read it.
func harden(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}
