package remote

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	reapi "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/protobuf/proto"

	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// fetching are the outputs of one command. Nothing that the server says is believed: neither
// bytes, nor sizes, nor names.
type fetching struct {
	*Store
	can   *abilities
	files int
}

// checked passes on a blob's bytes and says whether they are those that were asked for.
type checked struct {
	to   io.Writer
	sum  hash.Hash
	left int64
}

func (c *checked) Write(p []byte) (int, error) {
	if c.left -= int64(len(p)); c.left < 0 {
		return 0, fmt.Errorf("%w: more bytes than the blob has", shared.ErrLie)
	}
	c.sum.Write(p)
	return c.to.Write(p)
}

// readChecked writes the blob d to w, of at most limit bytes.
func (s *Store) readChecked(ctx context.Context, can *abilities, d *reapi.Digest, limit int64, w io.Writer) error {
	if d.GetSizeBytes() < 0 || d.GetSizeBytes() > limit {
		return fmt.Errorf("the server names a blob of %d bytes, when %d are allowed", d.GetSizeBytes(), limit)
	}
	c := &checked{w, can.function.sums(), d.GetSizeBytes()}
	ctx, cancel := context.WithTimeout(ctx, s.timeout+time.Duration(d.GetSizeBytes())*time.Second/slowest)
	defer cancel()
	if d.GetSizeBytes() > 0 { // no server need have the empty one
		if err := s.readBlob(ctx, can, d, c); err != nil {
			return err
		}
	}
	if got := hex.EncodeToString(c.sum.Sum(nil)); c.left != 0 || got != d.GetHash() {
		return fmt.Errorf("%w: %s instead of %s", shared.ErrLie, got, d.GetHash())
	}
	return nil
}

// readWhole is the blob d.
func (s *Store) readWhole(ctx context.Context, can *abilities, d *reapi.Digest, limit int64) ([]byte, error) {
	var data bytes.Buffer
	err := s.readChecked(ctx, can, d, limit, &data)
	return data.Bytes(), err
}

// file puts the blob d at to: whole, or not at all.
func (f *fetching) file(ctx context.Context, to string, d *reapi.Digest, executable bool) error {
	if f.files++; f.files > mostFiles {
		return fmt.Errorf("the server names more than %d folders and files", mostFiles)
	}
	mode := os.FileMode(0o644)
	if executable {
		mode = 0o755
	}
	return fsys.ReplaceUnsynced(to, mode, func(w io.Writer) error { return f.readChecked(ctx, f.can, d, mostFetched, w) })
}

// folder puts the files of a tree below to. Links are left out: no module is one.
func (f *fetching) folder(ctx context.Context, to string, d *reapi.Digest) error {
	data, err := f.readWhole(ctx, f.can, d, mostListed)
	if err != nil {
		return err
	}
	tree := &reapi.Tree{}
	if err := proto.Unmarshal(data, tree); err != nil {
		return fmt.Errorf("the server's list of a folder: %w", err)
	}
	below := map[string]*reapi.Directory{}
	for _, child := range tree.GetChildren() {
		data, err := marshal(child)
		if err != nil {
			return err
		}
		below[f.can.function.sum(data).Hash] = child
	}
	return f.directory(ctx, to, tree.GetRoot(), below)
}

// directory is one folder of a tree. A tree cannot hold itself, since its digest names its content.
func (f *fetching) directory(ctx context.Context, to string, d *reapi.Directory, below map[string]*reapi.Directory) error {
	if f.files++; f.files > mostFiles { // the same folder may be named in many places
		return fmt.Errorf("the server names more than %d folders and files", mostFiles)
	}
	for _, file := range d.GetFiles() {
		if !plainName(file.GetName()) {
			return fmt.Errorf("the server names a file %q", file.GetName())
		}
		if err := f.file(ctx, filepath.Join(to, file.GetName()), file.GetDigest(), file.GetIsExecutable()); err != nil {
			return err
		}
	}
	for _, child := range d.GetDirectories() {
		inner := below[child.GetDigest().GetHash()]
		if !plainName(child.GetName()) || inner == nil {
			return fmt.Errorf("the server names a folder %q and does not say what is in it", child.GetName())
		}
		if err := f.directory(ctx, filepath.Join(to, child.GetName()), inner, below); err != nil {
			return err
		}
	}
	return nil
}

// plainName reports whether name stays in its folder, on every system.
func plainName(name string) bool {
	return name != "" && name != "." && name != ".." && !strings.ContainsAny(name, "/\\:\x00")
}
