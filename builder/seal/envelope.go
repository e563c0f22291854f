package seal

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
)

// ErrUnknown is Open's answer to a statement that none of the keys has signed.
var ErrUnknown = errors.New("none of the keys that are trusted has signed it")

// envelope is DSSE's. Bytes are base64 in JSON.
type envelope struct {
	PayloadType string      `json:"payloadType"`
	Payload     []byte      `json:"payload"`
	Signatures  []signature `json:"signatures"`
}

type signature struct {
	KeyID string `json:"keyid,omitempty"` // a hint, which nobody relies on
	Sig   []byte `json:"sig"`
}

// Sign puts a statement of the type kind in an envelope, signed by k. Without a key the envelope
// has no signature yet: whoever has one may add it.
func Sign(k *Key, kind string, statement []byte) ([]byte, error) {
	e := envelope{PayloadType: kind, Payload: statement, Signatures: []signature{}}
	if k != nil {
		e.Signatures = append(e.Signatures, signature{KeyID: k.ID, Sig: ed25519.Sign(k.private, encoded(kind, statement))})
	}
	return json.Marshal(e)
}

// Open is the statement in an envelope that one of trusted has signed, and that one. The error
// wraps ErrUnknown when none has; other errors say that it is no envelope of the type kind.
func Open(data []byte, kind string, trusted []*Public) (statement []byte, by *Public, err error) {
	e, err := read(data, kind)
	if err != nil {
		return nil, nil, err
	}
	message := encoded(kind, e.Payload)
	for _, s := range e.Signatures {
		for _, p := range trusted {
			if ed25519.Verify(p.key, message, s.Sig) {
				return e.Payload, p, nil
			}
		}
	}
	who := "nobody has"
	if len(e.Signatures) > 0 {
		who = fmt.Sprintf("%.64q claims to have", e.Signatures[0].KeyID)
	}
	return nil, nil, fmt.Errorf("%w: %s", ErrUnknown, who)
}

// read is an envelope with a statement of the type kind, whoever signed it.
func read(data []byte, kind string) (e envelope, err error) {
	if err := json.Unmarshal(data, &e); err != nil {
		return e, fmt.Errorf("it is no envelope: %w", err)
	}
	if e.PayloadType != kind {
		return e, fmt.Errorf("it holds a statement of the type %.100q, not %q", e.PayloadType, kind)
	}
	return e, nil
}

// encoded is what is signed: DSSE's pre-authentication encoding.
func encoded(kind string, statement []byte) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(kind), kind, len(statement), statement)
}
