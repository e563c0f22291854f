package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/seal"
	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/builder/shared/dir"
	"github.com/astrid-runtime/astrid-dev/builder/shared/remote"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	reports "github.com/astrid-runtime/astrid-dev/orchestrator/report"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// cacheFlags say where results that machines share are found and offered.
type cacheFlags struct {
	address, key, roots string
	trust, headers      []string
	properties          []string // of machines that run commands
	readOnly            bool
	again               int
	timeout             time.Duration
}

func (c *cacheFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&c.address, "cache", "", "share results: a folder, or grpc://HOST:PORT/INSTANCE (grpcs:// with TLS) of Bazel's Remote Execution API")
	flags.StringVar(&c.key, "cache-key", "", "private key that signs what is shared (astrid-dev key); without it one of this user's own")
	flags.StringArrayVar(&c.trust, "cache-trust", nil, "public key of somebody whose results are believed, besides one's own; may be repeated")
	flags.BoolVar(&c.readOnly, "cache-read-only", false, "share nothing: for builds that nobody has reviewed")
	flags.IntVar(&c.again, "cache-again", 50, "build every so manyth shared result again, and compare; 0: none")
	flags.DurationVar(&c.timeout, "cache-timeout", shared.DefaultTimeout, "how long the store may take for one answer; large modules get a second more for each MiB")
	flags.StringArrayVar(&c.headers, "cache-header", nil, "NAME=VALUE: sent to the server with each question; @FILE after the = reads the value from a file")
	flags.StringVar(&c.roots, "cache-ca", "", "certificates in PEM form that vouch for the server, instead of the system's")
}

// open is the cache that the flags name, in a folder kept within limits; nil without one. The caller
// closes it.
func (c *cacheFlags) open(cmd *cobra.Command, limits dir.Options) (*shared.Cache, error) {
	given := cmd.Flags().Changed
	if c.address == "" {
		if given("cache") {
			return nil, usage.Hint(errors.New("--cache was given without an address"), "leave it out to share nothing")
		}
		for _, name := range []string{"cache-key", "cache-trust", "cache-read-only", "cache-again", "cache-timeout", "cache-header", "cache-ca"} {
			if given(name) {
				return nil, usage.New(fmt.Errorf("--%s is of use with --cache only", name))
			}
		}
		return nil, nil
	}
	if c.again < 0 || c.timeout <= 0 {
		return nil, usage.New(errors.New("--cache-again must not be negative, and --cache-timeout must be more than nothing"))
	}
	o := shared.Options{Name: c.address, Tool: "astrid-dev " + version(), ReadOnly: c.readOnly, Again: c.again, Timeout: c.timeout}
	if err := c.keys(&o); err != nil {
		return nil, err
	}
	var err error
	if o.Store, err = c.store(limits); err != nil {
		return nil, usage.New(fmt.Errorf("--cache: %w", err))
	}
	return shared.New(o), nil
}

func closeCache(c *shared.Cache) {
	if c != nil {
		c.Close() // what was shared is shared
	}
}

func (c *cacheFlags) store(limits dir.Options) (shared.Store, error) {
	if !remote.IsAddress(c.address) {
		return dir.Open(c.address, limits)
	}
	config := remote.Config{Address: c.address, Properties: c.properties, Timeout: c.timeout}
	for _, h := range c.headers {
		value, err := headerOf(h)
		if err != nil {
			return nil, err
		}
		config.Headers = append(config.Headers, value)
	}
	if c.roots != "" {
		var err error
		if config.Roots, err = fsys.Read(c.roots, 1<<20); err != nil {
			return nil, err
		}
	}
	return remote.Open(config)
}

// keys reads the keys that were given. Who gives none has a key of his own, which is made when it
// is missing: what one signed oneself is believed.
func (c *cacheFlags) keys(o *shared.Options) (err error) {
	path := c.key
	if path == "" && !c.readOnly {
		if path, err = ownKey(); err != nil {
			return usage.Hint(fmt.Errorf("a key to sign results with: %w", err), "name one with --cache-key, or use --cache-read-only")
		}
	}
	if path != "" {
		if o.Key, err = seal.ReadKey(path); err != nil {
			return usage.Hint(fmt.Errorf("the key that signs results: %w", err), "astrid-dev key FILE makes one")
		}
		o.Trust = append(o.Trust, &o.Key.Public)
	}
	for _, path := range c.trust {
		public, err := seal.ReadPublic(path)
		if err != nil {
			return usage.Hint(fmt.Errorf("--cache-trust: %w", err), "name the file that ends with "+seal.PublicSuffix)
		}
		o.Trust = append(o.Trust, public)
	}
	if len(o.Trust) == 0 {
		return usage.Hint(errors.New("--cache-read-only without a key believes nobody"), "name a public key with --cache-trust")
	}
	return nil
}

// ownKey is where this user's key lies. It is made when it is missing; of two processes that
// make it at once one wins.
func ownKey() (string, error) {
	config, err := os.UserConfigDir()
	if err != nil {
		return "", err
	}
	path := filepath.Join(config, "astrid-dev", "key")
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return path, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	return path, writeKey(path)
}

// writeKey makes a new key appear at path, whole, unless there is one by then.
func writeKey(path string) error {
	key, err := seal.NewKey()
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp(filepath.Dir(path), ".key.*.tmp")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	made := filepath.Join(work, "key")
	if err := key.Write(made); err != nil {
		return err
	}
	err = os.Link(made, path) // unlike a renaming it fails where there is one
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return errors.Join(err, os.Rename(made+seal.PublicSuffix, path+seal.PublicSuffix))
}

// collect gathers what goes wrong with c, once for each kind.
func collect(c *shared.Cache) (wrong func() []finding.Finding) {
	var mu sync.Mutex
	var list []finding.Finding
	if c != nil {
		c.Warn = func(f finding.Finding) {
			mu.Lock()
			defer mu.Unlock()
			list = append(list, f)
		}
	}
	return func() []finding.Finding {
		mu.Lock()
		defer mu.Unlock()
		return list
	}
}

// tell is what the report of these capsules says of c.
func (c *cacheFlags) tell(cache *shared.Cache, wrong []finding.Finding, capsules []reports.Capsule) *reports.Cache {
	if cache == nil {
		return nil
	}
	s, elsewhere := cache.Stats(), 0
	for _, one := range capsules {
		if one.Elsewhere {
			elsewhere++
		}
	}
	return &reports.Cache{Elsewhere: elsewhere, Address: c.address, Hits: s.Hits, Built: s.Misses, Offered: s.Offered, Again: s.Again, Differed: s.Differed,
		Refused: s.Refused + s.Lies, Failures: s.Failures, Read: s.Read, Written: s.Written, Findings: wrong}
}

// headerOf is a header whose value may stand in a file, so that it is in no list of processes.
func headerOf(given string) (string, error) {
	name, value, ok := strings.Cut(given, "=")
	file, inFile := strings.CutPrefix(value, "@")
	if !ok || !inFile {
		return given, nil
	}
	data, err := fsys.Read(file, 64<<10)
	return name + "=" + strings.TrimSpace(string(data)), err
}
