package dir

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/shared"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// holding is how this test's own program is asked to take a claim and keep it.
const holding = "hold-a-claim"

// hold takes a claim, says so, and is killed.
func hold(folder string) int {
	s, err := Open(folder, Options{})
	if err == nil {
		_, _, err = s.Claim(context.Background(), key(1), func() {})
	}
	fmt.Println("held", err)
	select {}
}

// result puts an entry and a module of 1,000 bytes that were used at a time.
func result(t *testing.T, s *Store, n int, used time.Time) shared.ID {
	t.Helper()
	path := filepath.Join(t.TempDir(), "m")
	testkit.Write(t, path, fmt.Sprintf("%01000d", n))
	id, err := shared.Identify(path)
	testkit.Check(t, err)
	testkit.Check(t, s.Put(t.Context(), key(n), []byte("entry"), []shared.Blob{{ID: id, Path: path}}))
	for _, file := range []string{must(t, s, "entries", key(n)), must(t, s, "blobs", id.BLAKE3)} {
		testkit.Check(t, os.Chtimes(file, used, used))
	}
	return id
}

func must(t *testing.T, s *Store, part, name string) string {
	t.Helper()
	path, err := s.path(part, name)
	testkit.Check(t, err)
	return path
}

// left says of which results the entry is there, and of which the module.
func left(t *testing.T, s *Store, ids []shared.ID) (entries, blobs string) {
	for i, id := range ids {
		if _, err := os.Stat(must(t, s, "entries", key(i))); err == nil {
			entries += fmt.Sprint(i)
		}
		if _, err := os.Stat(must(t, s, "blobs", id.BLAKE3)); err == nil {
			blobs += fmt.Sprint(i)
		}
	}
	return entries, blobs
}

// What was not used for longest goes first, and never a module before its entry.
func TestTrim(t *testing.T) {
	now := time.Now()
	hours := func(n int) time.Time { return now.Add(time.Duration(-n) * time.Hour) }
	for name, c := range map[string]struct {
		limits Options
		want   string
	}{
		"nothing is too much": {Options{Bytes: 1 << 20, Age: 100 * time.Hour}, "01234"},
		"no limit":            {Options{}, "01234"},
		"too old":             {Options{Age: 25 * time.Hour}, "012"},
		"too many":            {Options{Bytes: 3_500}, "012"},
		"far too many":        {Options{Bytes: 1}, ""},
	} {
		s, err := Open(t.TempDir(), c.limits)
		testkit.Check(t, err)
		var ids []shared.ID
		for i := range 5 {
			s.tidied.Store(time.Now().UnixNano()) // not while it is filled
			ids = append(ids, result(t, s, i, hours(10*i)))
		}
		testkit.Check(t, s.Trim(now))
		if entries, blobs := left(t, s, ids); entries != c.want || blobs != c.want {
			t.Errorf("%s: entries %s and modules %s are left, want %s", name, entries, blobs, c.want)
		}
	}
}

// What is found is used, and so is what is put once more.
func TestUsed(t *testing.T) {
	s, err := Open(t.TempDir(), Options{Bytes: 3_500})
	testkit.Check(t, err)
	now, old := time.Now(), time.Now().Add(-time.Hour)
	var ids []shared.ID
	for i := range 4 {
		s.tidied.Store(now.UnixNano())
		ids = append(ids, result(t, s, i, old.Add(time.Duration(i)*5*time.Minute)))
	}
	_, err = s.Entry(t.Context(), key(0))
	testkit.Check(t, err)
	testkit.Check(t, s.Blob(t.Context(), ids[0], &bytes.Buffer{}))
	testkit.Check(t, s.Trim(now))
	if entries, blobs := left(t, s, ids); entries != "023" || blobs != "023" {
		t.Errorf("entries %s and modules %s are left", entries, blobs)
	}
	s.tidied.Store(0)
	result(t, s, 9, now) // a put looks after the limits by itself
	if got := s.tidied.Load(); got == 0 {
		t.Error("nobody looked")
	}
}

// Who reads while it is trimmed gets a whole module or none, and what is left is whole.
func TestTrimBesideReaders(t *testing.T) {
	folder := t.TempDir()
	s, err := Open(folder, Options{Bytes: 1})
	testkit.Check(t, err)
	var stop atomic.Bool
	var wg sync.WaitGroup
	s.tidied.Store(time.Now().UnixNano())
	id := result(t, s, 1, time.Now().Add(-time.Hour))
	for range 3 {
		wg.Go(func() {
			other, _ := Open(folder, Options{})
			for !stop.Load() {
				var got bytes.Buffer
				if err := other.Blob(context.Background(), id, &got); err == nil && got.Len() != 1000 {
					t.Errorf("a reader got %d bytes", got.Len())
				}
			}
		})
	}
	for range testkit.Rounds(30, 500) {
		result(t, s, 1, time.Now().Add(-time.Hour))
		testkit.Check(t, s.Trim(time.Now()))
	}
	stop.Store(true)
	wg.Wait()
}

// Of many that claim the same, one has it at a time, and each gets it.
func TestClaim(t *testing.T) {
	folder := t.TempDir()
	var inside, most, waited atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := Open(folder, Options{})
			if err != nil {
				t.Error(err)
				return
			}
			for range 5 {
				release, _, err := s.Claim(t.Context(), key(1), func() { waited.Add(1) })
				if err != nil {
					t.Error(err)
					return
				}
				most.Store(max(most.Load(), inside.Add(1)))
				inside.Add(-1)
				release()
			}
		})
	}
	wg.Wait()
	if most.Load() != 1 {
		t.Errorf("%d had it at once", most.Load())
	}
	s, err := Open(folder, Options{})
	testkit.Check(t, err)
	if found, _ := filepath.Glob(filepath.Join(folder, "claims", "*", "*")); len(found) > 0 {
		t.Errorf("left behind: %v", found)
	}
	release, _, err := s.Claim(t.Context(), key(1), func() {})
	testkit.Check(t, err)
	other, free, err := s.Claim(t.Context(), key(2), func() {})
	if err != nil || free {
		t.Errorf("another key had to wait: %v", err)
	}
	other()
	ctx, cancel := context.WithCancel(t.Context())
	if _, had, err := s.Claim(ctx, key(1), cancel); err == nil || !had {
		t.Errorf("what is claimed was claimed: %v, %v", had, err)
	}
	release()
}

// The claim of a process that is killed is free.
func TestClaimOfTheDead(t *testing.T) {
	folder := t.TempDir()
	cmd := exec.Command(os.Args[0], holding, folder)
	out, err := cmd.StdoutPipe()
	testkit.Check(t, err)
	testkit.Check(t, cmd.Start())
	line := make([]byte, 64)
	n, err := out.Read(line)
	if err != nil || string(line[:n]) != "held <nil>\n" {
		t.Fatalf("%q, %v", line[:n], err)
	}
	s, err := Open(folder, Options{})
	testkit.Check(t, err)
	release, waited, err := s.Claim(t.Context(), key(1), func() { testkit.Check(t, cmd.Process.Kill()) })
	if err != nil || !waited {
		t.Errorf("waited %v, %v", waited, err)
	}
	release()
	_ = cmd.Wait()
}
