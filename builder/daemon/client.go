package daemon

import (
	"context"
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
	"sync"
	"time"
)

// The runtime's protocol, as its release 2026.10.1 speaks it.
const (
	protocolVersion = 1
	principal       = "default" // the user whose key and rights the first start makes
	noSession       = "00000000-0000-0000-0000-000000000000"
	requestTopic    = "astrid.v1.request."
	responseTopic   = "astrid.v1.response."
	adminTopic      = "astrid.v1.admin."
	adminAnswer     = "astrid.v1.admin.response."
	loadedTopic     = "astrid.v1.capsules_loaded"

	// handshakeTakes is the runtime's own limit for one step of it.
	handshakeTakes = 5 * time.Second
	// silence is how long the runtime may say nothing to a request: it says that it works
	// every 5 s.
	silence = 30 * time.Second
)

// ErrGone says that the runtime is not there, or went away: it ended, or closed the connection.
var ErrGone = errors.New("the runtime is gone")

// client is a connection to a daemon as one of its users. Its methods may be called
// concurrently: one goroutine reads all that the daemon says, and hands it on.
type client struct {
	conn net.Conn
	as   string        // the principal whose connection it is
	done chan struct{} // closed when nothing more will be read

	writing sync.Mutex // for the length of one frame
	asking  sync.Mutex // for the length of one admin

	mu       sync.Mutex // guards all below
	err      error      // why nothing more will be read
	waiting  map[string]*listener
	loaded   loadedEvent   // the newest one
	rounds   int           // how many of them came
	reloaded chan struct{} // closed when the next one comes
}

// listener waits for the messages of one topic.
type listener struct {
	messages chan message
	gone     chan struct{} // closed: nobody reads messages any more
}

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

// connect opens a connection to the daemon whose socket lies in runDir and whose keys in home,
// for the principal called as. The caller closes it.
func connect(runDir, home, as string) (*client, error) {
	token, err := os.ReadFile(filepath.Join(runDir, "system.token"))
	if err != nil {
		return nil, err
	}
	seed, err := os.ReadFile(filepath.Join(home, "keys", as+".key"))
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
	if err := shake(conn, as, strings.TrimSpace(string(token)), ed25519.NewKeyFromSeed(seed)); err != nil {
		conn.Close()
		return nil, fmt.Errorf("greeting the runtime: %w", err)
	}
	c := &client{conn: conn, as: as, done: make(chan struct{}), waiting: map[string]*listener{}, reloaded: make(chan struct{})}
	go c.read()
	return c, nil
}

// shake proves with the key that we are the principal called as.
func shake(conn net.Conn, as, token string, key ed25519.PrivateKey) error {
	if err := conn.SetDeadline(time.Now().Add(2 * handshakeTakes)); err != nil {
		return err
	}
	hello := handshake{Token: token, Protocol: protocolVersion, Version: "astrid-dev", Principal: as}
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
		hello.Signature = hex.EncodeToString(ed25519.Sign(key, []byte("astrid-principal-auth:v1:"+as+":"+said.Challenge)))
	}
}

type message struct {
	Topic     string          `json:"topic"`
	Payload   json.RawMessage `json:"payload"`
	Source    string          `json:"source_id"`
	Principal string          `json:"principal,omitempty"`
}

// read hands on what the daemon says, until the connection ends.
func (c *client) read() {
	for {
		var m message
		if err := readFrame(c.conn, &m); err != nil {
			c.mu.Lock()
			c.err = fmt.Errorf("%w: %w", ErrGone, err)
			c.mu.Unlock()
			close(c.done)
			c.conn.Close()
			return
		}
		if m.Topic == loadedTopic {
			c.heard(m)
			continue
		}
		c.mu.Lock()
		l := c.waiting[m.Topic]
		c.mu.Unlock()
		if l != nil {
			select {
			case l.messages <- m:
			case <-l.gone:
			}
		}
	}
}

// close ends the connection and waits until nothing more is read.
func (c *client) close() {
	c.conn.Close()
	<-c.done
}

// listen waits for the messages of topic until stop is called.
func (c *client) listen(topic string) (l *listener, stop func()) {
	l = &listener{messages: make(chan message), gone: make(chan struct{})}
	c.mu.Lock()
	c.waiting[topic] = l
	c.mu.Unlock()
	return l, func() {
		close(l.gone)
		c.mu.Lock()
		delete(c.waiting, topic)
		c.mu.Unlock()
	}
}

// send publishes payload under topic.
func (c *client) send(topic, source string, payload any) error {
	data, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	c.writing.Lock()
	defer c.writing.Unlock()
	if err := c.conn.SetWriteDeadline(time.Now().Add(silence)); err != nil {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	if err := writeFrame(c.conn, message{Topic: topic, Payload: data, Source: source, Principal: c.as}); err != nil {
		return fmt.Errorf("%w: %w", ErrGone, err)
	}
	return nil
}

// next is the next message for l, for which it waits at most as long as patience.
func (c *client) next(ctx context.Context, l *listener, patience time.Duration) (message, error) {
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case m := <-l.messages:
		return m, nil
	case <-ctx.Done():
		return message{}, ctx.Err()
	case <-c.done:
		return message{}, c.err
	case <-late.C:
		return message{}, fmt.Errorf("%w: it said nothing for %s", ErrGone, patience)
	}
}

// response is the runtime's answer to a request.
type response struct {
	Status string          `json:"status"` // Success, Error, Working, or another's name
	Data   json.RawMessage `json:"data"`
}

// request asks the runtime for a method.
func (c *client) request(ctx context.Context, op, method string, params any) (response, error) {
	id := op + "." + strings.ToLower(rand.Text())
	l, stop := c.listen(responseTopic + id)
	defer stop()
	body := map[string]any{"type": "raw_json", "method": method}
	if params != nil {
		body["params"] = params
	}
	if err := c.send(requestTopic+id, noSession, body); err != nil {
		return response{}, err
	}
	for {
		m, err := c.next(ctx, l, silence)
		if err != nil {
			return response{}, err
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

// admin is request for what the runtime keeps apart: what its users may do and have. Such
// answers come under one topic for all, so one at a time is asked for.
func (c *client) admin(ctx context.Context, op, method string, params any) (response, error) {
	c.asking.Lock()
	defer c.asking.Unlock()
	l, stop := c.listen(adminAnswer + op)
	defer stop()
	id := strings.ToLower(rand.Text())
	if err := c.send(adminTopic+op, noSession, map[string]any{"type": "raw_json", "request_id": id, "method": method, "params": params}); err != nil {
		return response{}, err
	}
	for {
		m, err := c.next(ctx, l, silence)
		if err != nil {
			return response{}, err
		}
		var said struct {
			ID string `json:"request_id"`
			response
		}
		if err := json.Unmarshal(m.Payload, &said); err != nil {
			return response{}, fmt.Errorf("reading the runtime's answer: %w", err)
		}
		if said.ID == id {
			return said.response, nil
		}
	}
}

// failed is the reason of an answer that says no, "" when it says yes. An answer that is
// neither is an error.
func (r response) failed() (reason string, err error) {
	if r.Status == "Success" {
		return "", nil
	}
	if r.Status != "Error" || json.Unmarshal(r.Data, &reason) != nil || reason == "" {
		return "", fmt.Errorf("the runtime gave an answer that is not understood: %s %s", r.Status, r.Data)
	}
	return reason, nil
}
