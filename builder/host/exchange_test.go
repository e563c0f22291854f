package host

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// What was recorded once is answered without a network; what differs from it is not.
func TestExchanges(t *testing.T) {
	asked := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.SetCookie(w, &http.Cookie{Name: "s", Value: "secret"})
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(201 + asked)
		_, _ = w.Write([]byte("hello"))
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	host, _, _ := strings.Cut(address, ":")
	ask := func(w *World, body string) (httpResponse, error) {
		sent := []byte(body)
		return web{World: w}.request("http-request", httpRequest{Url: server.URL + "/a", Method: abi.Case{Name: "post"}, Body: &sent}, requestOptions{})
	}
	declared := Capabilities{Net: []string{host}}
	w := world(t, Options{Capabilities: declared, AllowNet: []string{address}, RecordNet: true})
	for range 2 {
		if r, err := ask(w, "x"); err != nil || string(r.Body) != "hello" {
			t.Fatalf("%+v %v", r, err)
		}
	}
	recorded := w.Record().Exchanges
	if len(recorded) != 2 || recorded[0].Headers["content-type"] != "text/plain" || len(recorded[0].Headers) != 1 || string(recorded[0].Sent) != "x" {
		t.Fatalf("%+v", recorded)
	}
	again := world(t, Options{Capabilities: declared, HTTP: recorded})
	for _, status := range []uint16{202, 203, 203} {
		r, err := ask(again, "x")
		if err != nil || r.Status != status || string(r.Body) != "hello" || r.Meta.ElapsedMs != 0 {
			t.Errorf("%+v %v, want %d", r, err, status)
		}
	}
	if _, err := ask(again, "y"); err == nil {
		t.Error("another request is answered")
	}
	if _, err := ask(world(t, Options{HTTP: recorded}), "x"); err == nil || err.Error() != "capability-denied" {
		t.Errorf("a host that is not declared: %v", err)
	}
	if asked != 2 {
		t.Errorf("the server was asked %d times", asked)
	}
}
