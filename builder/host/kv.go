package host

import (
	"bytes"
	"slices"
	"strings"
)

// kv is astrid:kv/host (host/kv.rs). It is not gated.
type kv struct{ *World }

// Limits of host/kv.rs, and of a world: a guest could fill the memory of the process that
// it runs in.
const (
	maxKeys   = 1024
	maxStored = 32 << 20
)

type keyPage struct {
	Keys       []string
	NextCursor *string
}

// validKey is validate_key of the crate astrid-storage, kv/mod.rs.
func validKey(key string) error {
	if key == "" || strings.ContainsRune(key, 0) {
		return fail("invalid-key")
	}
	return nil
}

func validPrefix(prefix string) error {
	if strings.ContainsRune(prefix, 0) {
		return fail("invalid-key")
	}
	return nil
}

func (k kv) get(key string) (*[]byte, error) {
	if err := validKey(key); err != nil {
		return nil, err
	}
	if value, ok := k.values[key]; ok {
		return &value, nil
	}
	return nil, nil
}

func (k kv) set(key string, value []byte) error {
	if err := validKey(key); err != nil {
		return err
	}
	stored := len(key) + len(value)
	for other, v := range k.values {
		if other != key {
			stored += len(other) + len(v)
		}
	}
	if stored > maxStored {
		return fail("quota")
	}
	k.values[key] = value
	return nil
}

func (k kv) delete(key string) error {
	if err := validKey(key); err != nil {
		return err
	}
	delete(k.values, key)
	return nil
}

func (k kv) withPrefix(prefix string) ([]string, error) {
	if err := validPrefix(prefix); err != nil {
		return nil, err
	}
	keys := []string{}
	for key := range k.values {
		if strings.HasPrefix(key, prefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys, nil
}

func (k kv) listKeys(prefix string) ([]string, error) {
	keys, err := k.withPrefix(prefix)
	if err == nil && len(keys) > maxKeys {
		return nil, fail("too-large")
	}
	return keys, err
}

func (k kv) listKeysPage(prefix string, cursor *string, limit uint32) (keyPage, error) {
	keys, err := k.withPrefix(prefix)
	if err != nil {
		return keyPage{}, err
	}
	if cursor != nil {
		at, found := slices.BinarySearch(keys, *cursor)
		if found {
			at++
		}
		keys = keys[at:]
	}
	if limit == 0 || limit > maxKeys {
		limit = maxKeys
	}
	page := keyPage{Keys: keys}
	if len(keys) > int(limit) {
		page.Keys = keys[:limit]
		page.NextCursor = &page.Keys[limit-1]
	}
	return page, nil
}

func (k kv) clearPrefix(prefix string) (uint64, error) {
	keys, err := k.withPrefix(prefix)
	for _, key := range keys {
		delete(k.values, key)
	}
	return uint64(len(keys)), err
}

func (k kv) cas(key string, expected *[]byte, value []byte) error {
	if err := validKey(key); err != nil {
		return err
	}
	now, ok := k.values[key]
	if ok != (expected != nil) || ok && !bytes.Equal(now, *expected) {
		return fail("cas-mismatch")
	}
	return k.set(key, value)
}

func (k kv) functions() functions {
	return functions{
		"kv-get":            k.get,
		"kv-set":            k.set,
		"kv-delete":         k.delete,
		"kv-list-keys":      k.listKeys,
		"kv-list-keys-page": k.listKeysPage,
		"kv-clear-prefix":   k.clearPrefix,
		"kv-cas":            k.cas,
	}
}
