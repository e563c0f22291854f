package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	reapi "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"

	"github.com/astrid-runtime/astrid-dev/builder/shared"
)

// Entry implements shared.Store.
func (s *Store) Entry(ctx context.Context, key string) ([]byte, error) {
	ctx, can, err := s.ask(ctx)
	if err != nil {
		return nil, err
	}
	action, err := can.function.action(key)
	if err != nil {
		return nil, err
	}
	result, err := s.results().GetActionResult(ctx, &reapi.GetActionResultRequest{
		InstanceName: s.instance, ActionDigest: action, InlineStdout: true, DigestFunction: can.function.value})
	if err != nil {
		return nil, fault(err)
	}
	if data := result.GetStdoutRaw(); len(data) > 0 {
		return data, nil
	}
	d := result.GetStdoutDigest() // a server need not inline
	if d == nil || d.SizeBytes > shared.MaxEntry {
		return nil, shared.ErrNone
	}
	var data bytes.Buffer
	if err := s.readBlob(ctx, can, d, &limited{&data, shared.MaxEntry}); err != nil {
		return nil, err
	}
	return data.Bytes(), nil
}

// limited passes on so many bytes and no more.
type limited struct {
	w    io.Writer
	left int
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, fmt.Errorf("%w: an entry of more than %d bytes", shared.ErrLie, shared.MaxEntry)
	}
	return l.w.Write(p)
}

// Blob implements shared.Store.
func (s *Store) Blob(ctx context.Context, id shared.ID, w io.Writer) error {
	ctx, can, err := s.ask(ctx)
	if err != nil {
		return err
	}
	return s.readBlob(ctx, can, can.function.of(id), w)
}

// Put implements shared.Store.
func (s *Store) Put(ctx context.Context, key string, entry []byte, blobs []shared.Blob) error {
	ctx, can, err := s.ask(ctx)
	switch {
	case err != nil:
		return err
	case !can.updates:
		return errors.New("the server takes no results")
	}
	for _, b := range blobs {
		if can.largest > 0 && b.Size > can.largest {
			return fmt.Errorf("%w: a module of %d bytes, when blobs may have %d", shared.ErrFull, b.Size, can.largest)
		}
	}
	if err := s.upload(ctx, can, files(can, blobs)); err != nil {
		return err
	}
	action, err := can.function.action(key)
	if err != nil {
		return err
	}
	result := &reapi.ActionResult{StdoutRaw: entry}
	for i, b := range blobs {
		result.OutputFiles = append(result.OutputFiles, &reapi.OutputFile{Path: fmt.Sprintf("%d.wasm", i), Digest: can.function.of(b.ID)})
	}
	_, err = s.results().UpdateActionResult(ctx, &reapi.UpdateActionResultRequest{
		InstanceName: s.instance, ActionDigest: action, ActionResult: result, DigestFunction: can.function.value})
	return fault(err)
}

// files are blobs as they are uploaded, each once.
func files(can *abilities, blobs []shared.Blob) (list []upload) {
	for _, b := range blobs {
		d := can.function.of(b.ID)
		if !slices.ContainsFunc(list, func(have upload) bool { return have.digest.Hash == d.Hash }) {
			list = append(list, upload{digest: d, path: b.Path})
		}
	}
	return list
}
