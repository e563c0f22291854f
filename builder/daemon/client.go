package daemon

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The runtime's protocol, as its release 2026.10.1 speaks it.
const (
	protocolVersion = 1
	principal       = "default" // whose key and rights the first start makes
	noSession       = "00000000-0000-0000-0000-000000000000"
	requestTopic    = "astrid.v1.request."
	responseTopic   = "astrid.v1.response."
	loadedTopic     = "astrid.v1.capsules_loaded"

	// handshakeTakes is the runtime's own limit for one step of it.
	handshakeTakes = 5 * time.Second
	// silence is how long the runtime may say nothing: it says that it works every 5 s.
	silence = 30 * time.Second
)

// client is a connection to a daemon as its first user. It is used by one goroutine.
type client struct{ conn net.Conn }

type handshake struct {
	Token     string `json:"token"`
	Protocol  int    `json:"protocol_version"`
	Version   string `json:"client_version"`
	Principal string `json:"claimed_principal"`
	Signature string `json:"signature,omitempty"`
}

type handshakeAnswer struct {
	Status    string `json:"status"`
	Reason    string `json:"reason"`
	Challenge string `json:"challenge"`
}

// connect opens a connection to the daemon whose socket lies in runDir and whose keys in home.
func connect(runDir, home string) (*client, error) {
	token, err := os.ReadFile(filepath.Join(runDir, "system.token"))
	if err != nil {
		return nil, err
	}
	seed, err := os.ReadFile(filepath.Join(home, "keys", principal+".key"))
	if err != nil {
		return nil, err
	}
	if len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("the runtime's key has %d bytes, not %d", len(seed), ed25519.SeedSize)
	}
	conn, err := net.Dial("unix", filepath.Join(runDir, "system.sock"))
	if err != nil {
		return nil, err
	}
	if err := shake(conn, strings.TrimSpace(string(token)), ed25519.NewKeyFromSeed(seed)); err != nil {
		conn.Close()
		return nil, fmt.Errorf("greeting the runtime: %w", err)
	}
	return &client{conn}, nil
}

// shake proves with the key that we are the principal.
func shake(conn net.Conn, token string, key ed25519.PrivateKey) error {
	if err := conn.SetDeadline(time.Now().Add(2 * handshakeTakes)); err != nil {
		return err
	}
	hello := handshake{Token: token, Protocol: protocolVersion, Version: "astrid-dev", Principal: principal}
	for {
		if err := writeFrame(conn, hello); err != nil {
			return err
		}
		var said handshakeAnswer
		if err := readFrame(conn, &said); err != nil {
			return err
		}
		switch {
		case said.Status != "ok":
			return errors.New(said.Reason)
		case hello.Signature != "":
			return conn.SetDeadline(time.Time{})
		case said.Challenge == "":
			return errors.New("it asks for no proof")
		}
		hello.Signature = hex.EncodeToString(ed25519.Sign(key, []byte("astrid-principal-auth:v1:"+principal+":"+said.Challenge)))
	}
}

type message struct {
	Topic     string          `json:"topic"`
	Payload   json.RawMessage `json:"payload"`
	Source    string          `json:"source_id"`
	Principal string          `json:"principal,omitempty"`
}

// response is the runtime's answer to a request.
type response struct {
	Status string          `json:"status"` // Success, Error, Working, or another's name
	Data   json.RawMessage `json:"data"`
}

// request asks for a method, and hands every other message that comes meanwhile to other.
func (c *client) request(op, method string, params any, other func(message)) (response, error) {
	payload, err := json.Marshal(map[string]any{"type": "raw_json", "method": method, "params": params})
	if err != nil {
		return response{}, err
	}
	id := op + "." + strings.ToLower(rand.Text())
	if err := writeFrame(c.conn, message{Topic: requestTopic + id, Payload: payload, Source: noSession, Principal: principal}); err != nil {
		return response{}, err
	}
	for {
		m, err := c.next(silence)
		switch {
		case err != nil:
			return response{}, err
		case m.Topic != responseTopic+id:
			other(m)
			continue
		}
		var said response
		if err := json.Unmarshal(m.Payload, &said); err != nil {
			return response{}, fmt.Errorf("reading the runtime's answer: %w", err)
		}
		if said.Status != "Working" {
			return said, nil
		}
	}
}

// next is the next message, for which it waits at most as long as patience.
func (c *client) next(patience time.Duration) (m message, err error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return m, err
	}
	return m, readFrame(c.conn, &m)
}
