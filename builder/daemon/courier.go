package daemon

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// The runtime lets a client publish no call of a tool, and hands it no result of one (crate
// astrid-uplink, native/routing.rs). A client may have a capsule's command run, and a capsule may publish
// and hear what its manifest declares. So a capsule of ours, the courier, is installed
// beside the others: it publishes what is in the command, waits for the answer, and answers the
// command with that.

//go:embed courier/Capsule.toml courier/courier.wasm
var courier embed.FS

const (
	courierName = "astrid-dev-courier"
	// courierAlone is how long the courier may take for itself.
	courierAlone = 10 * time.Second
)

// Question is a message to the capsules of the runtime, which one of them is to answer.
type Question struct {
	Topic   string
	Payload json.RawMessage // a JSON object
	Answer  string          // the topic of the answer, or a pattern of it
	From    string          // the source of the answer, as Answer.Source has it; "": any
	Receipt bool            // the one who answers has a handler, and is no run loop: when it fails this is told
	Wait    time.Duration   // for the answer
}

// Reply is what came of a Question: one of the three, or none when nobody answered in time.
type Reply struct {
	Answer  string // the payload that was published
	Failed  string // the capsule that has the handler did not end well; the runtime's reason
	Refused string // the runtime did not take the question
}

// ask has the courier, which is installed, carry q.
func (l *Link) ask(ctx context.Context, q Question) (*Reply, error) {
	var random [16]byte
	rand.Read(random[:])
	id := hex.EncodeToString(random[:]) // the runtime wants a UUID in this form
	answers, stop := l.c.listen("cli.v1.command.result." + id)
	defer stop()
	body := map[string]any{"type": "raw_json", "req_id": id, "command": "carry", "args": []string{},
		"topic": q.Topic, "payload": q.Payload, "answer": q.Answer, "from": q.From, "receipt": q.Receipt, "wait_ms": q.Wait.Milliseconds()}
	if err := l.c.send("cli.v1.command.run."+courierName, noSession, body); err != nil {
		return nil, err
	}
	m, err := l.c.next(ctx, answers, q.Wait+courierAlone)
	if err != nil {
		return nil, err
	}
	var reply Reply
	if err := json.Unmarshal(m.Payload, &reply); err != nil {
		return nil, fmt.Errorf("reading what the courier brought: %w", err)
	}
	return &reply, nil
}

// unpackCourier writes the courier as a folder that can be installed.
func unpackCourier(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"Capsule.toml", "courier.wasm"} {
		data, err := courier.ReadFile("courier/" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
