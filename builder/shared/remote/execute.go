package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	reapi "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/astrid-runtime/astrid-dev/builder/shared"
)

// patience is how many commands in a row may fail to run before none is sent any more.
const patience = 3

// Run implements shared.Machine: the command becomes an action, whose inputs are a tree of
// Directory messages. All of it may take as long as the command may.
func (s *Store) Run(ctx context.Context, w shared.Work) (ran shared.Ran, err error) {
	if s.failed.Load() >= patience {
		return ran, fmt.Errorf("%w: %d commands in a row did not run there", shared.ErrNoMachine, patience)
	}
	limited, cancel := context.WithTimeout(ctx, w.Timeout)
	defer cancel()
	if ran, err = s.run(limited, w); err == nil {
		s.failed.Store(0)
	} else if ctx.Err() == nil {
		s.failed.Add(1)
		if code := status.Code(err); code == codes.DeadlineExceeded || errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("it did not end in time: %w", err)
		}
		err = fmt.Errorf("%w: %w", shared.ErrNoMachine, err)
	}
	return ran, err
}

func (s *Store) run(ctx context.Context, w shared.Work) (ran shared.Ran, err error) {
	asked, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	_, can, err := s.ask(asked)
	if err != nil {
		return ran, err
	}
	if !can.runs {
		return ran, errors.New("the server runs no commands")
	}
	ctx = metadata.NewOutgoingContext(ctx, s.headers)
	a, err := s.action(can, w)
	if err != nil {
		return ran, err
	}
	if err := s.send(ctx, can, slices.Collect(maps.Values(a.blobs))); err != nil {
		return ran, fmt.Errorf("sending what the command reads: %w", err)
	}
	for _, anew := range []bool{false, true} {
		var answer *reapi.ExecuteResponse
		if answer, err = s.execute(ctx, can, a.digest, anew); err != nil {
			return ran, err
		}
		ran, err = s.answered(ctx, can, w, answer)
		ran.Action = a.name
		if !ran.Cached || err == nil && ran.ExitCode == 0 || ctx.Err() != nil {
			break
		} // a failure that the server kept, BuildGrid does, says nothing of today's machines
	}
	return ran, err
}

// action is a command with all that it is given.
type action struct {
	name   string // the value of shared.Action
	digest *reapi.Digest
	blobs  map[string]upload // all that the server must have to run it, by hash
}

// send is upload in the time that so many bytes may take.
func (s *Store) send(ctx context.Context, can *abilities, blobs []upload) error {
	size := int64(0)
	for _, b := range blobs {
		size += b.digest.SizeBytes
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout+time.Duration(size)*time.Second/slowest)
	defer cancel()
	return s.upload(ctx, can, blobs)
}

// slowest is how many bytes go in a second, at least.
const slowest = 1 << 20

// answered reads what a command said and made.
func (s *Store) answered(ctx context.Context, can *abilities, w shared.Work, answer *reapi.ExecuteResponse) (ran shared.Ran, err error) {
	result := answer.GetResult()
	ran = shared.Ran{ExitCode: int(result.GetExitCode()), Cached: answer.GetCachedResult(), Machine: result.GetExecutionMetadata().GetWorker()}
	if ran.Stdout, err = s.said(ctx, can, result.GetStdoutRaw(), result.GetStdoutDigest()); err != nil {
		return ran, fmt.Errorf("what the command said: %w", err)
	}
	if ran.Stderr, err = s.said(ctx, can, result.GetStderrRaw(), result.GetStderrDigest()); err != nil {
		return ran, fmt.Errorf("what the command said: %w", err)
	}
	if err := s.fetch(ctx, can, w, result); err != nil {
		return ran, fmt.Errorf("what the command made: %w", err)
	}
	return ran, nil
}

// action is w as the server is told it.
func (s *Store) action(can *abilities, w shared.Work) (*action, error) {
	top, err := plant(w.Root, w.Files)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Rel(w.Root, w.Dir)
	if err != nil || !filepath.IsLocal(dir) {
		return nil, fmt.Errorf("%s does not lie below %s", w.Dir, w.Root)
	}
	g := &grow{can.function, map[string]upload{}}
	root, err := g.folder(top)
	if err != nil {
		return nil, err
	}
	command := &reapi.Command{Arguments: w.Argv, WorkingDirectory: strings.TrimPrefix(filepath.ToSlash(dir), ".")}
	for _, o := range w.Outputs {
		command.OutputPaths = append(command.OutputPaths, o.There)
	}
	slices.Sort(command.OutputPaths)
	message := &reapi.Action{InputRootDigest: root, Timeout: durationpb.New(w.Timeout)}
	if len(s.properties) > 0 {
		message.Platform = &reapi.Platform{Properties: s.properties}
	}
	unnamed, err := (&grow{can.function, map[string]upload{}}).command(message, command, w.Env)
	if err != nil {
		return nil, err
	}
	digest, err := g.command(message, command, append(slices.Clone(w.Env), shared.Action+"="+unnamed.GetHash()))
	return &action{unnamed.GetHash(), digest, g.blobs}, err
}

// command is the digest of the action that runs c with these variables.
func (g *grow) command(a *reapi.Action, c *reapi.Command, env []string) (digest *reapi.Digest, err error) {
	c.EnvironmentVariables = nil
	for _, v := range slices.Sorted(slices.Values(env)) { // the protocol wants them sorted
		name, value, _ := strings.Cut(v, "=")
		c.EnvironmentVariables = append(c.EnvironmentVariables, &reapi.Command_EnvironmentVariable{Name: name, Value: value})
	}
	if a.CommandDigest, err = g.message(marshal(c)); err != nil {
		return nil, err
	}
	return g.message(marshal(a))
}

// execute has the server run an action, and waits for its end: for its first word, that it has
// the action, no longer than for any other answer. anew: what it kept of an earlier run does not count.
func (s *Store) execute(ctx context.Context, can *abilities, action *reapi.Digest, anew bool) (*reapi.ExecuteResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the server may stop what nobody waits for
	silent := time.AfterFunc(s.timeout, cancel)
	defer silent.Stop()
	stream, err := s.execution().Execute(ctx, &reapi.ExecuteRequest{InstanceName: s.instance, ActionDigest: action, DigestFunction: can.function.value, SkipCacheLookup: anew})
	if err != nil {
		return nil, err
	}
	for heard := false; ; heard = true {
		operation, err := stream.Recv()
		if !heard && !silent.Stop() {
			return nil, fmt.Errorf("the server did not say within %s that it has the command", s.timeout)
		}
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the server ended its answer before the command had ended")
		}
		if err != nil {
			return nil, err
		}
		if operation.GetDone() {
			return response(operation)
		}
	}
}

// response is what an operation came to.
func response(operation *longrunningpb.Operation) (*reapi.ExecuteResponse, error) {
	if err := status.ErrorProto(operation.GetError()); err != nil {
		return nil, err
	}
	answer := &reapi.ExecuteResponse{}
	if err := operation.GetResponse().UnmarshalTo(answer); err != nil {
		return nil, fmt.Errorf("the server's answer: %w", err)
	}
	if err := status.ErrorProto(answer.GetStatus()); err != nil {
		return nil, err
	}
	if answer.GetResult() == nil {
		return nil, errors.New("the server's answer has no result")
	}
	return answer, nil
}

// Limits of what a server may send of one command.
const (
	mostSaid    = 4 << 20
	mostListed  = 16 << 20
	mostFetched = 512 << 20 // a file
	mostFiles   = 10_000
)

// said is what a command wrote, which comes in the answer or as a blob.
func (s *Store) said(ctx context.Context, can *abilities, raw []byte, d *reapi.Digest) ([]byte, error) {
	if len(raw) > 0 || d.GetSizeBytes() == 0 {
		return raw, nil
	}
	return s.readWhole(ctx, can, d, mostSaid)
}

// fetch puts the outputs that w asks for in their places. Others are left where they are.
func (s *Store) fetch(ctx context.Context, can *abilities, w shared.Work, result *reapi.ActionResult) error {
	f := &fetching{Store: s, can: can}
	for _, o := range w.Outputs {
		for _, file := range result.GetOutputFiles() {
			if path.Clean(file.GetPath()) == o.There {
				if err := f.file(ctx, o.Here, file.GetDigest(), file.GetIsExecutable()); err != nil {
					return err
				}
			}
		}
		for _, folder := range result.GetOutputDirectories() {
			if path.Clean(folder.GetPath()) == o.There {
				if err := f.folder(ctx, o.Here, folder.GetTreeDigest()); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
