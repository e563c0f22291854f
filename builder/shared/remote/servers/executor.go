package servers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"cloud.google.com/go/longrunning/autogen/longrunningpb"
	reapi "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

// Ran says how many commands ran, and the newest action; nil: none was asked for.
func (s *Liar) Ran() (commands int, action *reapi.Action) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.actions) > 0 {
		action = s.actions[len(s.actions)-1]
	}
	return s.ran, action
}

// Execute runs an action in a folder of its own, which holds what the action names and nothing else.
// An action that succeeded before is not run again.
func (s *Liar) Execute(r *reapi.ExecuteRequest, stream grpc.ServerStreamingServer[longrunningpb.Operation]) error {
	f, err := s.fault(stream.Context())
	if err != nil {
		return err
	}
	if s.Deaf {
		<-stream.Context().Done()
		return stream.Context().Err()
	}
	if err := stream.Send(&longrunningpb.Operation{Name: "one"}); err != nil {
		return err
	}
	answer := &reapi.ExecuteResponse{}
	name := r.GetActionDigest().GetHash()
	s.mu.Lock()
	if !r.GetSkipCacheLookup() {
		answer.Result = s.results[name]
	}
	s.mu.Unlock()
	if answer.CachedResult = answer.Result != nil; !answer.CachedResult {
		if answer.Result, err = s.run(stream.Context(), name); err != nil {
			answer.Status = status.Convert(err).Proto()
		} else if answer.Result.ExitCode == 0 {
			s.mu.Lock()
			s.results[name] = answer.Result
			s.mu.Unlock()
		}
	}
	s.spoil(f, name, answer)
	packed, err := anypb.New(answer)
	if err != nil {
		return err
	}
	return stream.Send(&longrunningpb.Operation{Name: "one", Done: true, Result: &longrunningpb.Operation_Response{Response: packed}})
}

// spoil makes the answer to the action of that name as the fault has it. Blobs that are spoilt are so when they are read.
func (s *Liar) spoil(f Fault, name string, answer *reapi.ExecuteResponse) {
	switch f {
	case Junk:
		answer.Result = &reapi.ActionResult{StdoutRaw: []byte("junk")}
	case OtherEntry:
		s.mu.Lock()
		defer s.mu.Unlock()
		for key, other := range s.results {
			if key != name {
				answer.Result = other
			}
		}
	case Full:
		answer.Result, answer.Status = nil, status.New(codes.ResourceExhausted, "no machine is free").Proto()
	case Truncated, OtherBytes, OtherBlob, Huge, Forgets:
		answer.Result = proto.CloneOf(answer.Result)
		for _, d := range answer.GetResult().GetOutputDirectories() {
			d.TreeDigest.Hash = strings.Repeat("0", len(d.TreeDigest.Hash))
		}
	}
}

// message reads the blob of that name.
func (s *Liar) message(name string, to proto.Message) error {
	s.mu.Lock()
	data, ok := s.blobs[name]
	s.mu.Unlock()
	if !ok && name != s.sum(nil) {
		return status.Error(codes.FailedPrecondition, "a blob of the action is missing")
	}
	return proto.Unmarshal(data, to)
}

func (s *Liar) run(ctx context.Context, name string) (*reapi.ActionResult, error) {
	action, command := &reapi.Action{}, &reapi.Command{}
	if err := s.message(name, action); err != nil {
		return nil, err
	}
	if err := s.message(action.GetCommandDigest().GetHash(), command); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.ran++
	s.actions = append(s.actions, action)
	s.mu.Unlock()
	root, err := os.MkdirTemp("", "machine-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(root)
	if err := s.unpack(root, action.GetInputRootDigest().GetHash()); err != nil {
		return nil, err
	}
	dir := filepath.Join(root, filepath.FromSlash(command.GetWorkingDirectory()))
	for _, o := range command.GetOutputPaths() {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, filepath.FromSlash(o))), 0o755); err != nil {
			return nil, err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, action.GetTimeout().AsDuration())
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, command.GetArguments()[0], command.GetArguments()[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.Env = dir, &stdout, &stderr, []string{}
	for _, v := range command.GetEnvironmentVariables() {
		cmd.Env = append(cmd.Env, v.GetName()+"="+v.GetValue())
	}
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, status.Error(codes.DeadlineExceeded, "the command took too long")
	case err != nil && !errors.As(err, &exit):
		return nil, err
	}
	result := &reapi.ActionResult{ExitCode: int32(cmd.ProcessState.ExitCode()), StdoutRaw: stdout.Bytes(), StderrDigest: s.keep(stderr.Bytes()),
		ExecutionMetadata: &reapi.ExecutedActionMetadata{Worker: "this one"}}
	return result, s.collect(dir, command.GetOutputPaths(), result)
}

// keep makes data a blob.
func (s *Liar) keep(data []byte) *reapi.Digest {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := s.sum(data)
	s.blobs[name] = data
	return &reapi.Digest{Hash: name, SizeBytes: int64(len(data))}
}

// unpack makes the folder that the blob of that name describes.
func (s *Liar) unpack(to, name string) error {
	d := &reapi.Directory{}
	if err := s.message(name, d); err != nil {
		return err
	}
	if !slices.IsSortedFunc(d.GetFiles(), func(a, b *reapi.FileNode) int { return strings.Compare(a.GetName(), b.GetName()) }) {
		return status.Error(codes.InvalidArgument, "the files of a folder are not sorted")
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, f := range d.GetFiles() {
		s.mu.Lock()
		data, ok := s.blobs[f.GetDigest().GetHash()]
		s.mu.Unlock()
		if !ok && f.GetDigest().GetSizeBytes() > 0 {
			return status.Error(codes.FailedPrecondition, "a file is missing: "+f.GetName())
		}
		mode := os.FileMode(0o644)
		if f.GetIsExecutable() {
			mode = 0o755
		}
		if err := os.WriteFile(filepath.Join(to, f.GetName()), data, mode); err != nil {
			return err
		}
	}
	for _, l := range d.GetSymlinks() {
		if err := os.Symlink(l.GetTarget(), filepath.Join(to, l.GetName())); err != nil {
			return err
		}
	}
	for _, child := range d.GetDirectories() {
		if err := s.unpack(filepath.Join(to, child.GetName()), child.GetDigest().GetHash()); err != nil {
			return err
		}
	}
	return nil
}

// collect adds to result what stands at paths below dir.
func (s *Liar) collect(dir string, paths []string, result *reapi.ActionResult) error {
	for _, path := range paths {
		at := filepath.Join(dir, filepath.FromSlash(path))
		info, err := os.Stat(at)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case info.IsDir():
			tree := &reapi.Tree{}
			if tree.Root, err = s.pack(at, tree); err != nil {
				return err
			}
			data, err := proto.MarshalOptions{Deterministic: true}.Marshal(tree)
			if err != nil {
				return err
			}
			result.OutputDirectories = append(result.OutputDirectories, &reapi.OutputDirectory{Path: path, TreeDigest: s.keep(data)})
		default:
			data, err := os.ReadFile(at)
			if err != nil {
				return err
			}
			result.OutputFiles = append(result.OutputFiles, &reapi.OutputFile{Path: path, Digest: s.keep(data), IsExecutable: info.Mode()&0o111 != 0})
		}
	}
	return nil
}

// pack describes the folder at, and adds those below it to tree.
func (s *Liar) pack(at string, tree *reapi.Tree) (*reapi.Directory, error) {
	entries, err := os.ReadDir(at)
	if err != nil {
		return nil, err
	}
	d := &reapi.Directory{}
	for _, e := range entries {
		path := filepath.Join(at, e.Name())
		if e.IsDir() {
			child, err := s.pack(path, tree)
			if err != nil {
				return nil, err
			}
			tree.Children = append(tree.Children, child)
			data, err := proto.MarshalOptions{Deterministic: true}.Marshal(child)
			if err != nil {
				return nil, err
			}
			d.Directories = append(d.Directories, &reapi.DirectoryNode{Name: e.Name(), Digest: &reapi.Digest{Hash: s.sum(data), SizeBytes: int64(len(data))}})
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("an output: %w", err)
		}
		d.Files = append(d.Files, &reapi.FileNode{Name: e.Name(), Digest: s.keep(data)})
	}
	return d, nil
}
