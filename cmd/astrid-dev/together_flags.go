package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spf13/pflag"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/builder/seal"
	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/builder/shared/dir"
	"github.com/astrid-runtime/astrid-dev/builder/slots"
	"github.com/astrid-runtime/astrid-dev/builder/usage"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// What one user's astrid-dev have in common lies in his cache folder: results, so that a second
// checkout builds nothing that the first has built, and places, so that all of them together run
// no more builds than one would.

// aloneVariable does what --alone does, for who cannot give flags.
const aloneVariable = "ASTRID_DEV_ALONE"

// togetherFlags say what a process has in common with others of its user.
type togetherFlags struct {
	alone bool
	size  string
	age   time.Duration
}

func (f *togetherFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.alone, "alone", false, "share neither results nor places for builds with other checkouts on this machine")
	flags.StringVar(&f.size, "cache-size", "2GiB", "how much a folder of shared results may hold: what was not used for longest goes first; 0: all there is")
	flags.DurationVar(&f.age, "cache-age", dir.Defaults.Age, "how long a result that nobody uses stays in a folder of shared results; 0: for ever")
}

// limits are those of a folder of results.
func (f togetherFlags) limits() (l dir.Options, err error) {
	if f.age < 0 {
		return l, usage.New(errors.New("--cache-age must not be negative"))
	}
	l.Age = f.age
	if f.size == "" || f.size == "0" { // "" where nobody has registered the flags
		return l, nil
	}
	bytes, ok := capsule.ParseSize(f.size)
	if !ok || bytes == 0 || bytes > 1<<60 {
		return l, usage.New(fmt.Errorf("--cache-size cannot be %q: give a size as in 500MB or 2GiB", f.size))
	}
	l.Bytes = int64(bytes)
	return l, nil
}

// isAlone reports whether others are of no concern.
func (f togetherFlags) isAlone() bool {
	set := os.Getenv(aloneVariable)
	return f.alone || set != "" && set != "0"
}

// places are those of all astrid-dev of this user; nil: this process minds its own. jobs is how many
// builds it may run at once.
func (f togetherFlags) places(jobs int) *slots.Slots {
	folder, err := os.UserCacheDir()
	if err != nil || f.isAlone() {
		return nil
	}
	s, err := slots.Open(filepath.Join(folder, "astrid-dev", "places"), max(jobs, runtime.NumCPU()))
	if err != nil {
		return nil // who cannot tell others does not wait for them
	}
	return s
}

// results are those of the user's other checkouts; nil where there can be none.
func (f togetherFlags) results() (*shared.Cache, error) {
	limits, err := f.limits()
	if err != nil {
		return nil, err
	}
	folder, err := os.UserCacheDir()
	if err != nil || f.isAlone() {
		return nil, nil
	}
	folder = filepath.Join(folder, "astrid-dev", "results")
	if os.MkdirAll(folder, 0o700) != nil || !fsys.IsOwn(folder) {
		return nil, nil // it is a help, and nobody asked for it
	}
	key, err := keyAt(filepath.Join(folder, "key"))
	if err != nil {
		return nil, nil
	}
	limits.Unsynced = true
	store, err := dir.Open(folder, limits)
	if err != nil {
		return nil, nil
	}
	return shared.New(shared.Options{Store: store, Name: "the folder of your other checkouts' results", Tool: "astrid-dev " + version(),
		Key: key, Trust: []*seal.Public{&key.Public}}), nil
}

// keyAt is the key at path. It is made when it is missing; of two processes that make it at once one wins.
func keyAt(path string) (*seal.Key, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := writeKey(path); err != nil {
			return nil, err
		}
	}
	return seal.ReadKey(path)
}
