package answers_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/astrid-runtime/astrid-dev/builder/answers"
	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// Which file systems keep their times is known for Linux only, so that nothing is kept elsewhere.

// tool is a file that was written before any question, and the folder of answers.
func tool(t *testing.T) (path string, folder *answers.Folder, asked time.Time) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tool")
	testkit.Write(t, path, "1.0")
	testkit.Check(t, os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0)))
	return path, answers.In(filepath.Join(t.TempDir(), "answers")), time.Now().Add(time.Second) // the ctime is older than that
}

// wants says what the folder answers now, "" for nothing.
func wants(t *testing.T, f *answers.Folder, want string) {
	t.Helper()
	if got, ok := f.Get("version?"); got != want || ok != (want != "") {
		t.Errorf("the answer is %q (%t), want %q", got, ok, want)
	}
}

func TestAnswerOutlivesTheProcess(t *testing.T) {
	path, f, asked := tool(t)
	wants(t, f, "")
	f.Put("version?", "1.0", asked, path)
	wants(t, f, "1.0")
	if _, ok := f.Get("another?"); ok {
		t.Error("another question has the same answer")
	}
	f.Put("version?", "2.0", asked, path)
	wants(t, f, "2.0")
}

// An answer is worth nothing once the file that gave it is another one, whatever that pretends.
func TestAnswerOfAnotherFile(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"written": func(path string) error { return os.WriteFile(path, []byte("2.0"), 0o600) },
		"written, with the old time": func(path string) error {
			if err := os.WriteFile(path, []byte("2.0"), 0o600); err != nil {
				return err
			}
			return os.Chtimes(path, time.Unix(1, 0), time.Unix(1, 0))
		},
		"replaced": func(path string) error {
			if err := os.WriteFile(path+"~", []byte("2.0"), 0o600); err != nil {
				return err
			}
			if err := os.Chtimes(path+"~", time.Unix(1, 0), time.Unix(1, 0)); err != nil {
				return err
			}
			return os.Rename(path+"~", path)
		},
		"removed": os.Remove,
		"made a link": func(path string) error {
			if err := os.Rename(path, path+"~"); err != nil {
				return err
			}
			return os.Symlink(path+"~", path)
		},
	} {
		t.Run(name, func(t *testing.T) {
			path, f, asked := tool(t)
			f.Put("version?", "1.0", asked, path)
			wants(t, f, "1.0")
			testkit.Check(t, change(path))
			wants(t, f, "")
		})
	}
}

// A link that leads elsewhere, with the same name.
func TestAnswerBehindALink(t *testing.T) {
	path, f, asked := tool(t)
	link := path + "-link"
	testkit.Check(t, os.Symlink(path, link))
	f.Put("version?", "1.0", asked, link)
	wants(t, f, "1.0")
	other := path + "2"
	testkit.Write(t, other, "1.0")
	testkit.Check(t, os.Remove(link))
	testkit.Check(t, os.Symlink(other, link))
	wants(t, f, "")
}

// A file that was written while it was asked, or just before, may have answered as it was.
func TestAnswerOfAFileThatChanged(t *testing.T) {
	path, f, _ := tool(t)
	asked := time.Now().Add(-time.Second)
	f.Put("version?", "1.0", asked, path)
	wants(t, f, "")
	f.Put("version?", "1.0", asked) // of no file
	wants(t, f, "")
}

// What was cut short, and what somebody else could have written, is no answer.
func TestAnswerThatIsNotWhole(t *testing.T) {
	path, _, asked := tool(t)
	folder := filepath.Join(t.TempDir(), "answers")
	f := answers.In(folder)
	f.Put("version?", "1.0", asked, path)
	wants(t, f, "1.0")
	notes, err := filepath.Glob(filepath.Join(folder, "*"))
	testkit.Check(t, err)
	if len(notes) != 1 {
		t.Fatalf("%d notes", len(notes))
	}
	testkit.Check(t, os.Chmod(folder, 0o777))
	wants(t, f, "")
	testkit.Check(t, os.Chmod(folder, 0o700))
	whole := testkit.Read(t, notes[0])
	for _, cut := range []int{0, 10, 32, 40, len(whole) - 1} {
		testkit.Write(t, notes[0], whole[:cut])
		wants(t, f, "")
	}
	testkit.Write(t, notes[0], whole)
	wants(t, f, "1.0")
}

// The folder does not grow for ever.
func TestAnswersAreFew(t *testing.T) {
	path, _, asked := tool(t)
	folder := filepath.Join(t.TempDir(), "answers")
	f := answers.In(folder)
	for i := range 80 {
		f.Put(string(rune('a'+i)), "1.0", asked, path)
	}
	entries, err := os.ReadDir(folder)
	testkit.Check(t, err)
	if len(entries) > 64 {
		t.Errorf("%d notes are kept", len(entries))
	}
	if _, ok := f.Get(string(rune('a' + 79))); !ok {
		t.Error("the newest is not among them")
	}
}

func TestNobodysFolder(t *testing.T) {
	var f *answers.Folder
	f.Put("version?", "1.0", time.Now(), "/")
	wants(t, f, "")
}
