package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/astrid-runtime/astrid-dev/watcher/fsys"
)

// The types of PEM blocks that hold keys.
const (
	privateBlock = "PRIVATE KEY"
	publicBlock  = "PUBLIC KEY"
)

// PublicSuffix is what the file of the public half has behind the name of the private one.
const PublicSuffix = ".pub"

// keyFile is the largest file that is read as a key.
const keyFile = 64 << 10

// Key signs.
type Key struct {
	Public
	private ed25519.PrivateKey
}

// Public is who signed: the half of a key that others may have.
type Public struct {
	ID  string // SHA-256 of the SubjectPublicKeyInfo, 64 lower-case hex digits
	key ed25519.PublicKey
}

// NewKey makes a key from the system's randomness.
func NewKey() (*Key, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	p, err := newPublic(public)
	if err != nil {
		return nil, err
	}
	return &Key{Public: *p, private: private}, nil
}

func newPublic(key ed25519.PublicKey) (*Public, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(der)
	return &Public{ID: hex.EncodeToString(sum[:]), key: key}, nil
}

// Write puts k at path, which only its owner may read, and its public half at path with
// PublicSuffix. It fails with fs.ErrExist where either is there already: a key that others
// trust is never overwritten.
func (k *Key) Write(path string) error {
	private, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(k.key)
	if err != nil {
		return err
	}
	if err := create(path, 0o600, privateBlock, private); err != nil {
		return err
	}
	if err := create(path+PublicSuffix, 0o644, publicBlock, public); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// create writes a file that must not be there yet.
func create(path string, mode os.FileMode, block string, der []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(pem.EncodeToMemory(&pem.Block{Type: block, Bytes: der}))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// ReadKey reads the private key at path.
func ReadKey(path string) (*Key, error) {
	der, err := readBlock(path, privateBlock)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	private, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s is no Ed25519 key", path)
	}
	public, err := newPublic(private.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	return &Key{Public: *public, private: private}, nil
}

// ReadPublic reads the public key at path.
func ReadPublic(path string) (*Public, error) {
	der, err := readBlock(path, publicBlock)
	if err != nil {
		return nil, err
	}
	parsed, err := x509.ParsePKIXPublicKey(der)
	public, ok := parsed.(ed25519.PublicKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("%s is no public Ed25519 key", path)
	}
	return newPublic(public)
}

// readBlock is the PEM block in the file at path, which must be of the kind wanted. Of two the second
// would be passed over, which whoever put it there would not know.
func readBlock(path, want string) ([]byte, error) {
	data, err := fsys.Read(path, keyFile)
	if err != nil {
		return nil, err
	}
	block, rest := pem.Decode(data)
	more, _ := pem.Decode(rest)
	switch {
	case block == nil:
		return nil, fmt.Errorf("%s holds no key in PEM form", path)
	case more != nil:
		return nil, fmt.Errorf("%s holds several keys: give each a file of its own", path)
	case block.Type != want:
		return nil, fmt.Errorf("%s holds a %s, not a %s", path, block.Type, want)
	}
	return block.Bytes, nil
}
