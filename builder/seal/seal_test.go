package seal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

const kind = "text/plain"

func newKey(t *testing.T) *Key {
	t.Helper()
	k, err := NewKey()
	testkit.Check(t, err)
	return k
}

// A statement is believed when a trusted key signed exactly it, and only then.
func TestOpen(t *testing.T) {
	mine, other := newKey(t), newKey(t)
	data, err := Sign(mine, kind, []byte("sound"))
	testkit.Check(t, err)
	statement, by, err := Open(data, kind, []*Public{&other.Public, &mine.Public})
	if err != nil || string(statement) != "sound" || by.ID != mine.ID {
		t.Fatalf("got %q by %v, %v", statement, by, err)
	}
	if _, _, err := Open(data, kind, []*Public{&other.Public}); !errors.Is(err, ErrUnknown) {
		t.Errorf("a key that is not trusted: %v", err)
	}
	if _, _, err := Open(data, kind, nil); !errors.Is(err, ErrUnknown) {
		t.Errorf("no key is trusted: %v", err)
	}
	if _, _, err := Open(data, "other/type", []*Public{&mine.Public}); err == nil || errors.Is(err, ErrUnknown) {
		t.Errorf("another type: %v", err)
	}
	unsigned, err := Sign(nil, kind, []byte("sound"))
	testkit.Check(t, err)
	if _, _, err := Open(unsigned, kind, []*Public{&mine.Public}); !errors.Is(err, ErrUnknown) {
		t.Errorf("no signature: %v", err)
	}
	if e, err := read(unsigned, kind); err != nil || string(e.Payload) != "sound" {
		t.Errorf("unproven: %q, %v", e.Payload, err)
	}
}

// Whatever byte of the statement, its type or the signature is another one, nobody believes it.
func TestTampered(t *testing.T) {
	mine := newKey(t)
	data, err := Sign(mine, kind, []byte("sound"))
	testkit.Check(t, err)
	var whole envelope
	testkit.Check(t, json.Unmarshal(data, &whole))
	for name, change := range map[string]func(*envelope){
		"statement": func(e *envelope) { e.Payload = []byte("Sound") },
		"longer":    func(e *envelope) { e.Payload = append(bytes.Clone(e.Payload), ' ') },
		"signature": func(e *envelope) { e.Signatures[0].Sig[3] ^= 1 },
		"shorter":   func(e *envelope) { e.Signatures[0].Sig = e.Signatures[0].Sig[:63] },
	} {
		e := whole
		e.Signatures = []signature{{KeyID: mine.ID, Sig: bytes.Clone(whole.Signatures[0].Sig)}}
		change(&e)
		changed, err := json.Marshal(e)
		testkit.Check(t, err)
		if _, _, err := Open(changed, kind, []*Public{&mine.Public}); !errors.Is(err, ErrUnknown) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, cut := range []int{0, 1, len(data) / 2, len(data) - 1} {
		if _, _, err := Open(data[:cut], kind, []*Public{&mine.Public}); err == nil {
			t.Errorf("the first %d bytes were believed", cut)
		}
	}
}

// A type that looks like the beginning of the statement is not mistaken for it.
func TestEncodedIsUnambiguous(t *testing.T) {
	if a, b := encoded("a", []byte("b 1 c")), encoded("a 5 b", []byte("c")); bytes.Equal(a, b) {
		t.Errorf("both are %q", a)
	}
	if got, want := encoded("http://example.com/HelloWorld", []byte("hello world")), "DSSEv1 29 http://example.com/HelloWorld 11 hello world"; string(got) != want {
		t.Errorf("DSSE's own example: %q", got)
	}
}

func TestKeyFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	k := newKey(t)
	testkit.Check(t, k.Write(path))
	again, err := ReadKey(path)
	testkit.Check(t, err)
	public, err := ReadPublic(path + PublicSuffix)
	testkit.Check(t, err)
	if again.ID != k.ID || public.ID != k.ID || !again.private.Equal(k.private) {
		t.Errorf("%s was written, %s and %s were read", k.ID, again.ID, public.ID)
	}
	if info, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the private key: %v, %v", info.Mode(), err)
	}
	if err := newKey(t).Write(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a key was overwritten: %v", err)
	}
	if again, err = ReadKey(path); err != nil || again.ID != k.ID {
		t.Errorf("the key is %v, %v", again, err)
	}
	testkit.Check(t, os.Remove(path))
	if err := newKey(t).Write(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a public key was overwritten: %v", err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a pair was left: %v", err)
	}
}

func TestWrongKeyFiles(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key")
	testkit.Check(t, newKey(t).Write(path))
	junk := filepath.Join(dir, "junk")
	testkit.Write(t, junk, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
	several := filepath.Join(dir, "several")
	testkit.Write(t, several, strings.Repeat(testkit.Read(t, path+PublicSuffix), 2))
	empty := filepath.Join(dir, "empty")
	testkit.Write(t, empty, "")
	for name, err := range map[string]error{
		"the public one as a key": second(ReadKey(path + PublicSuffix)),
		"the key as a public one": second(ReadPublic(path)),
		"junk":                    second(ReadPublic(junk)),
		"several":                 second(ReadPublic(several)),
		"empty":                   second(ReadKey(empty)),
		"none":                    second(ReadKey(filepath.Join(dir, "none"))),
	} {
		if err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func second[T any](_ T, err error) error { return err }
