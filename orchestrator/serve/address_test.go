package serve

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/orchestrator/hub"
)

func TestAddress(t *testing.T) {
	for text, want := range map[string]string{
		"": "127.0.0.1:0", "8080": "127.0.0.1:8080", ":8080": "127.0.0.1:8080", "0": "127.0.0.1:0", "0.0.0.0:8080": "0.0.0.0:8080", "0.0.0.0": "0.0.0.0:0",
		"[::1]:8080": "[::1]:8080", "::1": "[::1]:0", "[::1]": "[::1]:0", "localhost:8080": "localhost:8080", "host.local": "host.local:0",
	} {
		host, port, err := address(text)
		if got := net.JoinHostPort(host, port); err != nil || got != want {
			t.Errorf("%q is %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{":", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:70000", "http://127.0.0.1:80", "a b:80", "/tmp/socket", ":-1"} {
		var wrong *usage.Error
		if host, port, err := address(text); !errors.As(err, &wrong) || wrong.Hint == "" {
			t.Errorf("%q is %q and %q, %v", text, host, port, err)
		}
	}
	for text, want := range map[string]bool{"8080": true, ":8080": true, "127.0.0.1:8080": true, "[::1]:1": true, "host:1": true, "capsules": false, "a/b:80": false, ".": false, "70000": false, "host": false, "host:x": false} {
		if IsAddress(text) != want {
			t.Errorf("%q is an address: %t", text, !want)
		}
	}
}

// A port that is taken is said as that, and what can be done.
func TestAPortInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	h := hub.New()
	defer h.Close()
	_, err = Listen(Options{Address: taken.Addr().String(), Hub: h})
	var wrong *usage.Error
	if !errors.As(err, &wrong) || !strings.Contains(err.Error(), taken.Addr().String()+": another program listens there") || !strings.Contains(wrong.Hint, "--serve alone") {
		t.Errorf("%v", err)
	}
}

func TestURL(t *testing.T) {
	for address, prefix := range map[string]string{"": "http://127.0.0.1:", "0.0.0.0:0": "http://127.0.0.1:", "localhost:0": "http://localhost:"} {
		s := show(t, address).serve()
		if !strings.HasPrefix(s.URL, prefix) || len(s.token) < 26 {
			t.Errorf("at %q the URL is %s", address, s.URL)
		}
		if answer := s.ask("GET", "/api/status", "", nil); answer.StatusCode != 200 {
			t.Errorf("at %q: %d", address, answer.StatusCode)
		}
	}
}
