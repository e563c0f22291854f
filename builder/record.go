package builder

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/smoke"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// recordVersion changes when an old record must not be believed.
const recordVersion = 1

// record is what a capsule's last publication was built from. It is a cache:
// losing it costs one build.
type record struct {
	Version    int             `json:"version"`
	Key        string          `json:"key"`
	SourceHash string          `json:"source_hash"`
	Outside    []string        `json:"outside"` // absolute inputs that the toolchain told of
	Modules    []module        `json:"modules"`
	Reports    []*smoke.Report `json:"reports"` // one a module, to say what the next build changed
	Written    time.Time       `json:"written"`
}

// module is a published file as it is recorded: below the capsule, so that a moved capsule keeps its record.
type module struct {
	ID    string `json:"id"`
	File  string `json:"file"`            // slash path below the capsule
	Found bool   `json:"found,omitempty"` // the author put it there: it is never put back over what stands there now
	Hash  string `json:"hash"`
	Size  int64  `json:"size"`
	Kind  string `json:"kind"`
}

// The names below <capsule>/target/astrid-dev.
const (
	stateFolder = "target/astrid-dev"
	recordFile  = "record.json"
	intentFile  = "intent.json"  // a record whose publication was begun
	verdictFile = "verdict.json" // the newest build, when it failed
	lockFile    = "lock"
	runFile     = "run"  // when the last build command ran
	seenFile    = "seen" // the inputs of that run
	blobFolder  = "blobs"
	workFolder  = "work"
	keptBlobs   = 5 // so that a consumer that is a few reloads behind still finds its module

	recordLimit = 64 << 20 // bytes: four reports of the greatest length
)

func statePath(dir string, names ...string) string {
	return filepath.Join(append([]string{dir, filepath.FromSlash(stateFolder)}, names...)...)
}

// makeState creates the capsule's state folder, marked as a cache and ignored by git.
func (f *folder) makeState() error {
	if err := f.checkState(); err != nil {
		return err
	}
	if err := f.MkdirAll(stateName(workFolder), 0o755); err != nil {
		return err
	}
	for name, content := range map[string]string{".gitignore": "*\n", "CACHEDIR.TAG": cacheTag} {
		if info, err := f.Lstat(stateName(name)); err == nil && info.Mode().IsRegular() {
			continue
		}
		if err := f.Replace(stateName(name), []byte(content)); err != nil {
			return err
		}
	}
	return nil
}

// readRecord reads a record or an intent. A missing, broken or foreign one is nil.
func readRecord(dir, name string) *record {
	data, err := fsys.Read(statePath(dir, name), recordLimit)
	if err != nil {
		return nil
	}
	var r record
	if json.Unmarshal(data, &r) != nil || r.Version != recordVersion {
		return nil
	}
	for _, m := range r.Modules {
		if !filepath.IsLocal(filepath.FromSlash(m.File)) || len(m.Hash) != 64 {
			return nil
		}
	}
	return &r
}

func (f *folder) writeRecord(name string, r *record) error {
	data, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("encoding %s: %w", name, err)
	}
	return f.Replace(stateName(name), data)
}

// published describes r's modules as they stand below dir.
func (r *record) published(dir string) *Published {
	p := &Published{SourceHash: r.SourceHash}
	for _, m := range r.Modules {
		p.Modules = append(p.Modules, Module{ID: m.ID, Path: filepath.Join(dir, filepath.FromSlash(m.File)),
			Blob: blobPath(dir, m.Hash), Hash: m.Hash, Size: m.Size, Kind: m.Kind})
	}
	return p
}

func blobPath(dir, hash string) string { return statePath(dir, blobFolder, hash+".wasm") }
