package daemon

import (
	"context"
	"encoding/json"
	"time"
)

// loadedEvent is what the runtime tells everybody after each load.
type loadedEvent struct {
	Capsules []loadedCapsule `json:"capsules"`
}

type loadedCapsule struct {
	Name   string `json:"name"`
	Source string `json:"source_id"`
	Meta   struct {
		Hash  string `json:"wasm_hash"`
		Tools []Tool `json:"tools"`
	} `json:"meta"`
}

// heard takes in a loadedEvent.
func (c *client) heard(m message) {
	var e loadedEvent
	if json.Unmarshal(m.Payload, &e) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.loaded = e
	c.rounds++
	close(c.reloaded)
	c.reloaded = make(chan struct{})
}

// round is the number of the newest loadedEvent.
func (c *client) round() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rounds
}

// described is what the runtime tells of the capsule called name, with the tools that it described when its
// module with the given hash was loaded, after the round with the number since. It waits for a while: a capsule that is
// busy in its own loop does not describe them. nil is nothing.
func (c *client) described(ctx context.Context, name, hash string, since int) (*loadedCapsule, error) {
	late := time.NewTimer(toolsTake)
	defer late.Stop()
	for {
		c.mu.Lock()
		known, rounds, more := c.loaded, c.rounds, c.reloaded
		c.mu.Unlock()
		if rounds > since {
			for _, l := range known.Capsules {
				if l.Name == name && (hash == "" || l.Meta.Hash == "" || l.Meta.Hash == hash) {
					return &l, nil
				}
			}
		}
		select {
		case <-more:
		case <-late.C:
			return nil, nil
		case <-c.done:
			return nil, c.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
