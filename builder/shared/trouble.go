package shared

import (
	"context"
	"errors"
	"fmt"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/seal"
)

// patience is how often in a row a store may fail until nobody asks it any more.
const patience = 3

// side is what a store is asked for: one may take nothing and answer all the same.
type side struct {
	failures int // in a row
	off      bool
}

// asking reports whether the store is asked still.
func (c *Cache) asking(s *side) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !s.off
}

// went notes how a question to the store ended, and reports whether it went well. Each kind of
// trouble is told once; the rest is counted.
func (c *Cache) went(ctx context.Context, s *side, doing string, err error) bool {
	if err == nil || errors.Is(err, ErrNone) {
		c.mu.Lock()
		s.failures = 0
		c.mu.Unlock()
		return err == nil
	}
	if ctx.Err() != nil {
		return false // we stopped, not the store
	}
	if errors.Is(err, ErrLie) {
		c.count(func(s *Stats) { s.Lies++ })
		c.once("lie", finding.SharedRefused, fmt.Sprintf("%s: %v", doing, err),
			"what was asked for is built here instead; clean the store, or leave --cache out")
		return false
	}
	c.mu.Lock()
	s.failures++
	c.stats.Failures++
	last := s.failures >= patience && !s.off
	s.off = s.off || last
	c.mu.Unlock()
	hint := "what was asked for is built here instead"
	if s == &c.writing {
		hint = "what was built counts here, and is not shared"
	}
	c.once(doing, finding.SharedTrouble, fmt.Sprintf("%s: %v", doing, err), hint)
	if last {
		c.once("off "+doing, finding.SharedTrouble, fmt.Sprintf("%s: it failed %d times in a row, and is not tried again", doing, patience), hint)
	}
	return false
}

// refuse tells of an entry that is not believed.
func (c *Cache) refuse(err error) {
	c.count(func(s *Stats) { s.Refused++ })
	if errors.Is(err, seal.ErrUnknown) {
		c.once("unknown", finding.SharedRefused, "an entry is not believed: "+err.Error(),
			"name the public key of who may share results: --cache-trust FILE")
		return
	}
	c.once("entry", finding.SharedRefused, "an entry is not believed: "+err.Error(), "what it is about is built here instead")
}

// once warns, the first time that this kind of thing happens.
func (c *Cache) once(what string, code finding.Code, message, hint string) {
	c.mu.Lock()
	said := c.said[what]
	c.said[what] = true
	c.mu.Unlock()
	if !said {
		c.Warn(finding.Finding{Code: code, Severity: finding.Warning, Message: message, Hint: hint})
	}
}

func (c *Cache) count(add func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	add(&c.stats)
}
