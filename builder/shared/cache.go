package shared

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/seal"
)

// Options say how results are shared.
type Options struct {
	Store    Store
	Name     string         // of the store, for people
	Tool     string         // who builds here, as "astrid-dev 1.2.3"
	Key      *seal.Key      // signs what is offered; nil: nothing is
	Trust    []*seal.Public // who is believed
	ReadOnly bool           // nothing is offered
	Again    int            // every how manyth hit is built again and compared; 0: none
	Timeout  time.Duration  // of one question to the store; 0: DefaultTimeout

	// Warn is told what goes wrong, once for each kind. Calls may overlap. nil: nobody.
	Warn func(finding.Finding)
}

// DefaultTimeout is how long the store may take for one answer, and a second more for each
// slowest bytes of a module.
const (
	DefaultTimeout = 10 * time.Second
	slowest        = 1 << 20
)

// Cache finds, fetches and offers results. Use New.
type Cache struct {
	Options

	mu               sync.Mutex // guards what follows
	stats            Stats
	hits             int // counts to Again
	reading, writing side
	said             map[string]bool
}

// Stats count what a Cache did.
type Stats struct {
	Hits     int   `json:"hits"`     // modules were taken from the store
	Misses   int   `json:"misses"`   // nothing that counts was there
	Offered  int   `json:"offered"`  // results that were put into the store
	Again    int   `json:"again"`    // hits that were built again and compared,
	Differed int   `json:"differed"` // and made something else
	Refused  int   `json:"refused"`  // entries that were not believed
	Lies     int   `json:"lies"`     // modules that were not what the store was asked for
	Failures int   `json:"failures"` // the store could not answer
	Withheld int   `json:"withheld"` // results that were not offered, because they hold a path of this machine
	Read     int64 `json:"read"`     // bytes of modules from the store
	Written  int64 `json:"written"`  // bytes of modules offered to it
}

// New returns a Cache.
func New(o Options) *Cache {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Warn == nil {
		o.Warn = func(finding.Finding) {}
	}
	c := &Cache{Options: o, said: map[string]bool{}}
	if o.Again > 0 {
		c.hits = rand.IntN(o.Again) // many short runs check as often as a long one
	}
	return c
}

// Stats are the counts so far.
func (c *Cache) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// Close closes the store.
func (c *Cache) Close() error { return c.Store.Close() }

// Find is the entry under key that can be believed; nil when there is none, which missing tells of, or
// when the store does not answer.
func (c *Cache) Find(ctx context.Context, key string) (e *Entry, missing bool) {
	if !c.asking(&c.reading) {
		return nil, false
	}
	asked, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	data, err := c.Store.Entry(asked, key)
	if !c.went(ctx, &c.reading, "asking "+c.Name+" for an entry", err) {
		return nil, errors.Is(err, ErrNone)
	}
	if e, err = unseal(data, key, c.Trust); err != nil {
		c.refuse(err)
		return nil, false
	}
	return e, false
}

// Fetch puts the modules of e into folder, which is empty, and names the files in their
// order. ok is false when one could not be had, or is not what e says; nothing is left then.
func (c *Cache) Fetch(ctx context.Context, e *Entry, folder string) (files []string, ok bool) {
	for i, m := range e.Modules {
		if !c.asking(&c.reading) {
			break
		}
		path := filepath.Join(folder, fmt.Sprintf("%d.wasm", i))
		asked, cancel := context.WithTimeout(ctx, c.Timeout+time.Duration(m.Size)*time.Second/slowest)
		err := fetch(asked, c.Store, m.ID, path)
		cancel()
		if errors.Is(err, ErrNone) {
			c.once("gone", finding.SharedTrouble, c.Name+" has an entry and not its module", "stores may throw things away one by one; it is built here instead")
		}
		if !c.went(ctx, &c.reading, "reading a module from "+c.Name, err) {
			break
		}
		files = append(files, path)
	}
	if len(files) == len(e.Modules) {
		return files, true
	}
	for i := range e.Modules {
		os.Remove(filepath.Join(folder, fmt.Sprintf("%d.wasm", i)))
	}
	return nil, false
}

// Hit counts a hit, and reports whether it is one of those that are built again.
func (c *Cache) Hit(e *Entry) (again bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Hits++
	for _, m := range e.Modules {
		c.stats.Read += m.Size
	}
	c.hits++
	if c.Again <= 0 || c.hits%c.Again != 0 {
		return false
	}
	c.stats.Again++
	return true
}

// Claim has one of several processes build what key stands for, where the store knows of them; the
// others wait for it. waited says that there may be a result now. Whoever gets no claim, because the
// store has none to give or ctx ended, goes on without one: release is nil.
func (c *Cache) Claim(ctx context.Context, key string, wait func()) (release func(), waited bool) {
	claimer, ok := c.Store.(Claimer)
	if !ok || !c.Offers() {
		return nil, false
	}
	release, waited, err := claimer.Claim(ctx, key, wait)
	if err != nil {
		return nil, waited
	}
	return release, waited
}

// Miss counts a result that had to be built.
func (c *Cache) Miss() { c.count(func(s *Stats) { s.Misses++ }) }

// Differed counts a hit that was built again and came out otherwise.
func (c *Cache) Differed() { c.count(func(s *Stats) { s.Differed++ }) }

// Offers reports whether Offer does anything.
func (c *Cache) Offers() bool { return c.Key != nil && !c.ReadOnly && c.asking(&c.writing) }

// Offer shares what was built: the modules at paths, in the order of e's, whose digests it
// fills in. Nothing is shared that holds one of private: paths of this machine, which another
// build would not have. Trouble is told by Warn.
func (c *Cache) Offer(ctx context.Context, e Entry, paths, private []string) {
	if !c.Offers() {
		return
	}
	e.Tool = c.Tool
	blobs, sealed, err := c.seal(&e, paths, private)
	switch {
	case errors.Is(err, errPrivate):
		c.count(func(s *Stats) { s.Withheld++ })
		return
	case err != nil:
		c.once("seal", finding.SharedTrouble, "a result cannot be shared: "+err.Error(), "it counts here all the same")
		return
	}
	size := int64(0)
	for _, b := range blobs {
		size += b.Size
	}
	keys := []string{e.Whole}
	if e.Key != e.Whole {
		keys = append(keys, e.Key)
	}
	for _, key := range keys {
		asked, cancel := context.WithTimeout(ctx, c.Timeout+time.Duration(size)*time.Second/slowest)
		err := c.Store.Put(asked, key, sealed, blobs)
		cancel()
		if !c.went(ctx, &c.writing, "sharing a result through "+c.Name, err) {
			return
		}
	}
	c.count(func(s *Stats) {
		s.Offered++
		s.Written += size
	})
}

var errPrivate = errors.New("it holds a path of this machine")

func (c *Cache) seal(e *Entry, paths, private []string) (blobs []Blob, sealed []byte, err error) {
	for i, path := range paths {
		if found, err := holds(path, private); err != nil || found != "" {
			return nil, nil, errors.Join(err, errPrivate)
		}
		if e.Modules[i].ID, err = Identify(path); err != nil {
			return nil, nil, err
		}
		blobs = append(blobs, Blob{e.Modules[i].ID, path})
	}
	text, err := json.Marshal(e)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range private {
		if p != "" && strings.Contains(string(text), p) {
			return nil, nil, errPrivate
		}
	}
	if sealed, err = e.Sealed(c.Key); err == nil && len(sealed) > MaxEntry {
		err = fmt.Errorf("its entry has %d bytes, %d are allowed", len(sealed), MaxEntry)
	}
	return blobs, sealed, err
}
