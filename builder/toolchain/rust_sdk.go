package toolchain

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/astrid-runtime/astrid-dev/builder/capsule"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// Contracts is the WIT file of the Astrid SDK that the capsule of m is built with, absolute:
// the runtime resolves the types of its topics with it. "" where the capsule is no crate, or
// has no such SDK. Cargo is asked, which may fetch crates that only other platforms need.
func Contracts(ctx context.Context, m *capsule.Manifest, env []string) (string, error) {
	if !m.Buildable() || !isFile(filepath.Join(m.Dir, "Cargo.toml")) {
		return "", nil
	}
	j, err := newJob(Request{Manifest: m, Env: env})
	if err != nil {
		return "", err
	}
	c := readCrate(j)
	program, err := j.tool("cargo")
	if err != nil {
		return "", err
	}
	argv := []string{program, "metadata", "--format-version", "1"}
	if c.target != "" {
		argv = append(argv, "--filter-platform", c.target)
	}
	out, err := query(ctx, j.dir, c.question(), argv)
	if err != nil {
		return "", err
	}
	var graph struct {
		Packages []struct {
			Name     string `json:"name"`
			Manifest string `json:"manifest_path"`
		} `json:"packages"`
	}
	if err := json.Unmarshal(out, &graph); err != nil {
		return "", fmt.Errorf("reading what cargo metadata says: %w", err)
	}
	for _, p := range graph.Packages {
		path := filepath.Join(filepath.Dir(p.Manifest), "wit", "astrid-contracts.wit")
		if p.Name == "astrid-sdk" && fsys.Lstat(path).Kind == fsys.File {
			return path, nil
		}
	}
	return "", nil
}
