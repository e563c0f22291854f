package remote

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	reapi "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/genproto/googleapis/bytestream"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/astrid-runtime/astrid-dev/builder/shared"
)

// Config says which server, and how it is spoken to.
type Config struct {
	Address string   // grpc://HOST:PORT or grpcs://HOST:PORT, and /INSTANCE behind it
	Headers []string // NAME=VALUE, sent with every question
	Roots   []byte   // certificates in PEM form that vouch for the server; nil: the system's

	Timeout    time.Duration // of one question around a command, and a second more for each MiB; 0: shared.DefaultTimeout
	Properties []string      // NAME=VALUE: what machines must have that run commands
}

// IsAddress reports whether text names a server, not a folder.
func IsAddress(text string) bool {
	return strings.HasPrefix(text, "grpc://") || strings.HasPrefix(text, "grpcs://")
}

// Store is a server. Use Open.
type Store struct {
	connection *grpc.ClientConn
	instance   string
	headers    metadata.MD
	properties []*reapi.Platform_Property
	timeout    time.Duration
	failed     atomic.Int32 // commands in a row that did not run

	mu  sync.Mutex // guards can
	can *abilities // nil: the server has not said it yet
}

// abilities are what a server said of itself.
type abilities struct {
	function function
	batch    int64 // how many bytes of blobs a message may have
	largest  int64 // blob that it takes; 0: any
	zstd     bool
	updates  bool
	runs     bool // commands
}

// batchDefault leaves room in a message of gRPC's usual 4 MiB.
const batchDefault = 4<<20 - 64<<10

// Open prepares the connection, which is made with the first question. The error says what is
// wrong with c.
func Open(c Config) (*Store, error) {
	u, err := url.Parse(c.Address)
	if err != nil {
		return nil, err
	}
	if u.Port() == "" || u.Hostname() == "" || u.RawQuery != "" || u.User != nil {
		return nil, fmt.Errorf("a server is named as grpc://HOST:PORT or grpcs://HOST:PORT, with /INSTANCE behind it where it has several, not %q", c.Address)
	}
	s := &Store{instance: strings.Trim(u.Path, "/"), headers: metadata.MD{}, timeout: cmp.Or(c.Timeout, shared.DefaultTimeout)}
	for _, h := range c.Headers {
		name, value, ok := strings.Cut(h, "=")
		if !ok || name == "" {
			return nil, errors.New("a header is given as NAME=VALUE")
		}
		s.headers.Append(name, value)
	}
	for _, p := range slices.Sorted(slices.Values(c.Properties)) { // the protocol wants them sorted
		name, value, ok := strings.Cut(p, "=")
		if !ok || name == "" {
			return nil, fmt.Errorf("a property of machines is given as NAME=VALUE, not %q", p)
		}
		s.properties = append(s.properties, &reapi.Platform_Property{Name: name, Value: value})
	}
	safety := insecure.NewCredentials()
	if u.Scheme == "grpcs" {
		settings := &tls.Config{MinVersion: tls.VersionTLS12}
		if c.Roots != nil {
			settings.RootCAs = x509.NewCertPool()
			if !settings.RootCAs.AppendCertsFromPEM(c.Roots) {
				return nil, errors.New("the file of certificates holds none in PEM form")
			}
		}
		safety = credentials.NewTLS(settings)
	}
	s.connection, err = grpc.NewClient("dns:///"+u.Host, grpc.WithTransportCredentials(safety), grpc.WithUserAgent("astrid-dev"))
	return s, err
}

// Close ends the connection.
func (s *Store) Close() error { return s.connection.Close() }

func (s *Store) cas() reapi.ContentAddressableStorageClient {
	return reapi.NewContentAddressableStorageClient(s.connection)
}
func (s *Store) execution() reapi.ExecutionClient { return reapi.NewExecutionClient(s.connection) }
func (s *Store) results() reapi.ActionCacheClient { return reapi.NewActionCacheClient(s.connection) }
func (s *Store) streams() bytestream.ByteStreamClient {
	return bytestream.NewByteStreamClient(s.connection)
}

// ask is ctx with the headers, and what the server can do. It is asked for that until it has
// answered once.
func (s *Store) ask(ctx context.Context) (context.Context, *abilities, error) {
	ctx = metadata.NewOutgoingContext(ctx, s.headers)
	s.mu.Lock()
	can := s.can
	s.mu.Unlock()
	if can != nil {
		return ctx, can, nil
	}
	answer, err := reapi.NewCapabilitiesClient(s.connection).GetCapabilities(ctx, &reapi.GetCapabilitiesRequest{InstanceName: s.instance})
	if err != nil {
		return nil, nil, fault(err)
	}
	if can, err = read(answer.GetCacheCapabilities()); err != nil {
		return nil, nil, err
	}
	can.runs = answer.GetExecutionCapabilities().GetExecEnabled()
	s.mu.Lock()
	s.can = can
	s.mu.Unlock()
	return ctx, can, nil
}

func read(c *reapi.CacheCapabilities) (*abilities, error) {
	can := &abilities{batch: batchDefault, largest: c.GetMaxCasBlobSizeBytes(), updates: c.GetActionCacheUpdateCapabilities().GetUpdateEnabled()}
	if n := c.GetMaxBatchTotalSizeBytes(); n > 0 {
		can.batch = min(n, batchDefault)
	}
	can.zstd = slices.Contains(c.GetSupportedCompressors(), reapi.Compressor_ZSTD)
	switch functions := c.GetDigestFunctions(); {
	case slices.Contains(functions, reapi.DigestFunction_BLAKE3):
		can.function = blake3Function
	case slices.Contains(functions, reapi.DigestFunction_SHA256):
		can.function = sha256Function
	default:
		return nil, fmt.Errorf("the server names blobs by %v, and neither by BLAKE3 nor by SHA-256", functions)
	}
	return can, nil
}

// fault is err in the words of shared.
func fault(err error) error {
	switch status.Code(err) {
	case codes.OK:
		return err
	case codes.NotFound:
		return shared.ErrNone
	case codes.ResourceExhausted:
		return fmt.Errorf("%w: %w", shared.ErrFull, err)
	}
	return err
}
