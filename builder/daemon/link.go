package daemon

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

var (
	// ErrLimited says that the runtime takes no install for now: it takes MaxInstalls of one
	// user in InstallWindow.
	ErrLimited = errors.New("the runtime takes no more installs for now")
	// ErrBusy says that somebody else installs, or changes settings, at this moment.
	ErrBusy = errors.New("the runtime is busy with another install")
)

// The runtime's limit: it counts, at each install, those of the window before it. Installs
// that it refuses for this reason do not count.
const (
	MaxInstalls   = 10
	InstallWindow = time.Minute
)

// toolsTake bounds the wait for the list of tools, which follows a successful install.
const toolsTake = 5 * time.Second

// commandTakes is how long a command may take: the runtime's own program gives it as long.
const commandTakes = 70 * time.Second

// Link is a connection to one process of the runtime. Its methods may be called concurrently.
// Each returns ctx's error when ctx ends, and an error that is ErrGone when the process or the
// connection does.
type Link struct {
	c         *client
	home, run string // the runtime's folders
	folder    string // for archives: the daemon reads them from a file
	files     atomic.Int64
}

// Parcel is what the runtime is to install.
type Parcel struct {
	Name    string                // the capsule's
	Archive func(io.Writer) error // writes it; nil: Folder is installed
	Folder  string                // absolute
	Values  []Value               // for its [env]
}

// Install has the runtime install p, and returns its answer. ErrLimited and ErrBusy mean that
// nothing was done, and that the same may be asked for later. That somebody approved of
// what is not signed is the caller's to know.
func (l *Link) Install(ctx context.Context, p Parcel) (*Answer, error) {
	source := p.Folder
	if p.Archive != nil {
		source = filepath.Join(l.folder, fmt.Sprintf("%d.capsule", l.files.Add(1)))
		if err := fsys.Replace(source, 0o600, p.Archive); err != nil {
			return nil, fmt.Errorf("packing %s: %w", p.Name, err)
		}
		defer os.Remove(source)
	}
	begun, round := time.Now(), l.c.round()
	said, err := l.c.request(ctx, "install_capsule", "InstallCapsule", map[string]any{
		"source": source, "workspace": false, "target_principal": l.c.as, "authority": "explicit_approval", "env": append([]Value{}, p.Values...),
	})
	if err != nil {
		return nil, err
	}
	answer, err := answerOf(said)
	if err != nil || !answer.Loaded {
		return answer, err
	}
	answer.TookMS = time.Since(begun).Milliseconds()
	told, err := l.c.described(ctx, p.Name, answer.WasmHash, round)
	if told != nil {
		answer.Tools, answer.Source = told.Meta.Tools, told.Source
	}
	return answer, err
}

// answerOf understands the runtime's answer to an install.
func answerOf(said response) (*Answer, error) {
	reason, err := said.failed()
	switch {
	case err != nil:
		return nil, err
	case strings.HasPrefix(reason, "Rate limited"):
		return nil, ErrLimited
	case strings.Contains(reason, "retry the install"):
		return nil, ErrBusy
	case reason != "":
		return refusedAnswer(refusal(reason)), nil
	}
	var data struct {
		Version string `json:"installed_version"`
		Hash    string `json:"wasm_hash"`
	}
	_ = json.Unmarshal(said.Data, &data) // nothing in it decides anything
	return &Answer{Loaded: true, Version: data.Version, WasmHash: data.Hash}, nil
}

// Installed identifies the package that the runtime keeps of the capsule called name, and
// would load at its next start; "" when it keeps none. That it is kept is no proof that it
// runs.
func (l *Link) Installed(ctx context.Context, name string) (digest string, err error) {
	said, err := l.c.request(ctx, "installed_capsule_identity", "GetInstalledCapsuleIdentity", map[string]any{"id": name})
	if err != nil {
		return "", err
	}
	if said.Status != "InstalledCapsuleIdentity" {
		_, err := said.failed()
		return "", errors.Join(fmt.Errorf("asking what is installed of %s: %s %s", name, said.Status, said.Data), err)
	}
	var identity *struct {
		Digest string `json:"archive_digest"`
	}
	if err := json.Unmarshal(said.Data, &identity); err != nil || identity == nil {
		return "", err
	}
	return identity.Digest, nil
}

// Package copies the package that the runtime keeps of the capsule called name, which Installed
// gave the digest of, and returns the copy, which lives as long as the link. It can be
// installed.
func (l *Link) Package(name, digest string) (folder string, err error) {
	pattern := filepath.Join(fsys.EscapeGlob(l.run), "capsules", "*", name, digest)
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		return "", errors.Join(fmt.Errorf("no package %s", pattern), err)
	}
	folder = filepath.Join(l.folder, fmt.Sprintf("%s-%d", name, l.files.Add(1)))
	return folder, os.CopyFS(folder, os.DirFS(found[0]))
}

// LogDir is the folder in which the runtime keeps the capsules' own logs, one folder below it
// for each user, and in that one for each capsule.
func (l *Link) LogDir() string { return filepath.Join(l.home, "log", "principals") }

// Remove takes the capsule called name out of the runtime; what it stored stays.
func (l *Link) Remove(ctx context.Context, name string) error {
	said, err := l.c.request(ctx, "remove_capsule", "RemoveCapsule", map[string]any{"id": name, "force": true, "purge": false})
	if err != nil {
		return err
	}
	reason, err := said.failed()
	if err == nil && reason != "" {
		err = errors.New(reason)
	}
	return err
}

// Keys are the names of the values for [env] that the runtime has of the capsule called name.
func (l *Link) Keys(ctx context.Context, name string) (map[string]bool, error) {
	body, err := l.c.admin(ctx, "env.list", "EnvList", map[string]any{"principal": l.c.as, "capsule": name})
	if err != nil {
		return nil, err
	}
	var entries []struct {
		Key string `json:"key"`
	}
	if body.Status != "EnvList" || json.Unmarshal(body.Data, &entries) != nil {
		return nil, fmt.Errorf("asking for the values of %s: %s %s", name, body.Status, body.Data)
	}
	keys := map[string]bool{}
	for _, e := range entries {
		keys[e.Key] = true
	}
	return keys, nil
}

// Said is what a command of a capsule answered.
type Said struct {
	Code   int    `json:"exit_code"`
	Output string `json:"output"`
	Error  string `json:"error"`
}

// Run has the capsule called name carry out one of its commands: a [[command]] of the kind cli.
// The runtime hands it on without looking at it, so that a capsule which does not listen is
// one that says nothing, for 70 s.
func (l *Link) Run(ctx context.Context, name, command string, args ...string) (*Said, error) {
	id := strings.ToLower(rand.Text())
	answers, stop := l.c.listen("cli.v1.command.result." + id)
	defer stop()
	body := map[string]any{"type": "raw_json", "req_id": id, "command": command, "args": append([]string{}, args...)}
	if err := l.c.send("cli.v1.command.run."+name, noSession, body); err != nil {
		return nil, err
	}
	m, err := l.c.next(ctx, answers, commandTakes)
	if err != nil {
		return nil, err
	}
	var said Said
	if err := json.Unmarshal(m.Payload, &said); err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", name, err)
	}
	return &said, nil
}

// Gone is closed when the process or the connection has ended.
func (l *Link) Gone() <-chan struct{} { return l.c.done }

// Close ends the connection.
func (l *Link) Close() { l.c.close() }
