package sbom

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// lockLimit is the largest Cargo.lock that is read.
const lockLimit = 64 << 20

// crates are those that the crate in dir is made of, with what the nearest Cargo.lock at or above it
// says of them; nil where dir holds no crate. Where cargo does not tell which they are, all of the
// lock are listed, as optional ones. A crate without its lock is an error: nobody knows what is in it.
func crates(ctx context.Context, dir string) (list []Component, err error) {
	if _, err := os.Lstat(filepath.Join(dir, "Cargo.toml")); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, folder := range fsys.Upward(dir) {
		data, err := fsys.Read(filepath.Join(folder, "Cargo.lock"), lockLimit)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var lock struct {
			Package []struct{ Name, Version, Source, Checksum string }
		}
		if err := toml.Unmarshal(data, &lock); err != nil {
			return nil, fmt.Errorf("reading %s: %w", filepath.Join(folder, "Cargo.lock"), err)
		}
		used, err := tree(ctx, dir)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for _, p := range lock.Package {
			id := p.Name + " " + p.Version
			if err == nil && !used.in[id] && !used.made[id] {
				continue
			}
			c := Component{Type: "library", Name: p.Name, Version: p.Version, PackageURL: "pkg:cargo/" + p.Name + "@" + p.Version,
				Properties: []Property{{"astrid-dev:from", "Cargo.lock"}}}
			switch {
			case err != nil:
				c.Scope = "optional"
				c.Properties = append(c.Properties, Property{"astrid-dev:unsure", "cargo tree does not tell whether it is in the module"})
			case !used.in[id]:
				c.Scope = "excluded" // it made the module and is not in it
			}
			switch {
			case p.Source == "":
				c.PackageURL = "" // of this workspace, and in no registry
			case strings.HasPrefix(p.Source, "git+"):
				c.PackageURL += "?vcs_url=" + strings.ReplaceAll(p.Source, "#", "%23")
			}
			if p.Checksum != "" {
				c.Hashes = []Hash{{"SHA-256", p.Checksum}}
			}
			list = append(list, c)
		}
		return list, nil
	}
	return nil, fmt.Errorf("%s holds a crate, and there is no Cargo.lock at or above it", dir)
}
