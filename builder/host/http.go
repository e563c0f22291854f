package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/wasm/abi"
)

// web is astrid:http/host 1.0 and 1.1 (host/http). What the manifest does not declare is
// refused as the runtime does it; what --allow-net does not name is a connection error.
type web struct {
	*World
	old bool // 1.0, which has fewer words for errors
}

// Limits of the crate astrid-capsule, engine/wasm/limits.rs, as a fresh runtime has them.
const (
	maxBody  = 10 << 20
	maxChunk = 64 << 10
)

type keyValue struct{ Key, Value string }

type httpRequest struct {
	Url     string
	Method  abi.Case
	Headers []keyValue
	Body    *[]byte
}

type timeoutConfig struct{ ConnectMs, FirstByteMs, BetweenBytesMs, TotalMs *uint64 }

type redirectPolicy string

type requestOptions struct {
	Timeouts             *timeoutConfig
	Redirect             *redirectPolicy
	MaxRedirects         *uint32
	MaxResponseBytes     *uint64
	MaxDecompressedBytes *uint64
	AutoDecompress       *bool
	HttpsOnly            *bool
	Integrity            *string
}

type responseMeta struct {
	FinalUrl      string
	RedirectCount uint32
	ElapsedMs     uint64
	WireBytes     uint64
}

type httpResponse struct {
	Status  uint16
	Headers []keyValue
	Body    []byte
	Meta    responseMeta
}

// oldResponse is that of 1.0.
type oldResponse struct {
	Status  uint16
	Headers []keyValue
	Body    []byte
}

// httpStream is a response whose body is read in pieces.
type httpStream struct {
	status  uint16
	headers []keyValue
	body    io.ReadCloser
	cancel  context.CancelFunc
}

func (s *httpStream) Close() error {
	s.cancel()
	return s.body.Close()
}

func headersOf(r *http.Response) []keyValue {
	list := []keyValue{}
	for name, values := range r.Header {
		for _, value := range values {
			list = append(list, keyValue{strings.ToLower(name), value})
		}
	}
	slices.SortFunc(list, func(a, b keyValue) int { return strings.Compare(a.Key, b.Key) })
	return list
}

func (h web) request(function string, r httpRequest, o requestOptions) (httpResponse, error) {
	began := time.Now()
	e, err := h.start(function, r, o)
	if err != nil {
		return httpResponse{}, err
	}
	defer e.cancel()
	defer e.response.Body.Close()
	most, tooLarge := uint64(maxBody), "body-too-large"
	if o.MaxResponseBytes != nil {
		most = min(most, *o.MaxResponseBytes)
	}
	if o.MaxDecompressedBytes != nil && *o.MaxDecompressedBytes < most {
		most, tooLarge = *o.MaxDecompressedBytes, "decompression-bomb"
	}
	body, err := io.ReadAll(io.LimitReader(e.response.Body, int64(most)+1))
	switch {
	case err != nil:
		return httpResponse{}, httpError(err)
	case uint64(len(body)) > most:
		return httpResponse{}, fail(tooLarge)
	}
	if o.Integrity != nil {
		if err := intact(*o.Integrity, body); err != nil {
			return httpResponse{}, err
		}
	}
	return httpResponse{uint16(e.response.StatusCode), headersOf(e.response), body,
		responseMeta{e.final, e.redirects, h.took(began), uint64(len(body))}}, nil
}

// took is how long a request took. With recorded answers no time of this machine is seen.
func (h web) took(began time.Time) uint64 {
	if len(h.options.HTTP) > 0 {
		return 0
	}
	return uint64(time.Since(began).Milliseconds())
}

// intact is verify_integrity: sha256-BASE64, with sha384 and sha512.
func intact(integrity string, body []byte) error {
	name, text, _ := strings.Cut(integrity, "-")
	want, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		if want, err = base64.RawStdEncoding.DecodeString(text); err != nil {
			return fail("invalid-request")
		}
	}
	var have []byte
	switch name {
	case "sha256":
		sum := sha256.Sum256(body)
		have = sum[:]
	case "sha384":
		sum := sha512.Sum384(body)
		have = sum[:]
	case "sha512":
		sum := sha512.Sum512(body)
		have = sum[:]
	default:
		return fail("invalid-request")
	}
	if !bytes.Equal(have, want) {
		return fail("integrity-mismatch")
	}
	return nil
}

func (h web) stream(function string, r httpRequest, o requestOptions) (abi.Rep, error) {
	e, err := h.start(function, r, o)
	if err != nil {
		return 0, err
	}
	s := &httpStream{uint16(e.response.StatusCode), headersOf(e.response), e.response.Body, e.cancel}
	rep, ok := h.add(s)
	if !ok {
		s.Close()
		return 0, fail("quota")
	}
	return rep, nil
}

func (h web) readChunk(self abi.Rep) ([]byte, error) {
	s, ok := get[*httpStream](h.World, self)
	if !ok {
		return nil, fail("closed")
	}
	b := make([]byte, maxChunk)
	n, err := s.body.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, httpError(err)
	}
	return b[:n], nil
}

func (h web) closeStream(self abi.Rep) error {
	if _, ok := get[*httpStream](h.World, self); !ok {
		return fail("closed")
	}
	h.Drop(uint32(self))
	return nil
}

// worded gives an error the words of 1.0 (host/http/mod.rs, v11_error_to_v10).
func (h web) worded(err error) error {
	var f *abi.Fault
	if !h.old || !errors.As(err, &f) {
		return err
	}
	switch f.Name {
	case "redirect-blocked":
		return fail("airlock-rejected")
	case "too-many-redirects":
		return &abi.Fault{Name: "protocol", Value: "too many redirects"}
	case "scheme-denied":
		return fail("invalid-request")
	case "integrity-mismatch":
		return &abi.Fault{Name: "protocol", Value: "integrity mismatch"}
	case "decompression-bomb":
		return fail("body-too-large")
	}
	return err
}

func (h web) streamFunctions() functions {
	return functions{
		"http-stream-start": func(r httpRequest) (abi.Rep, error) {
			rep, err := h.stream("http-stream-start", r, requestOptions{})
			return rep, h.worded(err)
		},
		"[method]http-stream.status": func(self abi.Rep) uint16 {
			if s, ok := get[*httpStream](h.World, self); ok {
				return s.status
			}
			return 0
		},
		"[method]http-stream.headers": func(self abi.Rep) []keyValue {
			if s, ok := get[*httpStream](h.World, self); ok {
				return s.headers
			}
			return nil
		},
		"[method]http-stream.read-chunk": func(self abi.Rep) ([]byte, error) {
			b, err := h.readChunk(self)
			return b, h.worded(err)
		},
		"[method]http-stream.close":              h.closeStream,
		"[method]http-stream.subscribe-readable": func(abi.Rep) abi.Rep { return h.alwaysReady() },
		"[method]http-stream.body-stream":        func(abi.Rep) abi.Rep { return h.made(closedInput{}) },
	}
}

// oldFunctions are those of 1.0.
func (h web) oldFunctions() functions {
	h.old = true
	all := h.streamFunctions()
	all["http-request"] = func(r httpRequest) (oldResponse, error) {
		response, err := h.request("http-request", r, requestOptions{})
		return oldResponse{response.Status, response.Headers, response.Body}, h.worded(err)
	}
	return all
}

func (h web) functions() functions {
	all := h.streamFunctions()
	pending := func() error { return unknown("streaming upload (http-upload) not yet implemented") }
	all["http-request"] = func(r httpRequest) (httpResponse, error) { return h.request("http-request", r, requestOptions{}) }
	all["http-request-opts"] = func(r httpRequest, o requestOptions) (httpResponse, error) {
		return h.request("http-request-opts", r, o)
	}
	all["http-stream-start-opts"] = func(r httpRequest, o requestOptions) (abi.Rep, error) {
		return h.stream("http-stream-start-opts", r, o)
	}
	all["[method]http-stream.trailers"] = func(abi.Rep) (*[]keyValue, error) { return nil, nil }
	all["http-upload-start"] = func(httpRequest, requestOptions) (abi.Rep, error) { return 0, pending() }
	all["[method]http-upload.body-sink"] = func(abi.Rep) abi.Rep { return h.made(closedOutput{}) }
	all["[method]http-upload.subscribe-writable"] = func(abi.Rep) abi.Rep { return h.alwaysReady() }
	all["[method]http-upload.finish"] = func(abi.Rep) (abi.Rep, error) { return 0, pending() }
	return all
}
