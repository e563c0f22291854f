//go:build unix

package servers

import (
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/astrid-runtime/astrid-dev/internal/testkit"
)

// machine is a program that runs the commands which BuildGrid's scheduler hands out.
//
//go:embed machine.py
var machine string

// scheduler is the part of BuildGrid's settings that lies in a database.
const scheduler = `connections:
  - !sql-connection &database
    connection-string: %q
schedulers:
  - !sql-scheduler &scheduler
    sql: *database
    action-cache: *results
    storage: *cas
    property-set: !dynamic-property-set
      match-property-keys: [os]
    assigners:
      - !priority-age-assigner
        count: 1
        interval: 0.1
`

const execution = `      - !execution
        scheduler: *scheduler
`

// tables makes those of BuildGrid in a new database.
const tables = `import sys
from sqlalchemy import create_engine
from buildgrid.server.sql.models import Base
Base.metadata.create_all(create_engine(sys.argv[1]))`

// BuildGridExecutes starts BuildGrid with its scheduler, and a machine with the property os=Linux
// that asks it for work. They end with the test. Where they are not installed the test is skipped.
func BuildGridExecutes(t testing.TB) (address string) {
	t.Helper()
	testkit.Needs(t, "bgd", "buildgrid-python")
	database := postgres(t)
	if out, err := exec.Command("buildgrid-python", "-c", tables, database).CombinedOutput(); err != nil {
		t.Fatalf("making the tables: %v: %s", err, out)
	}
	host := buildGrid(t, fmt.Sprintf(scheduler, database), execution)
	file := filepath.Join(t.TempDir(), "machine.py")
	testkit.Write(t, file, machine)
	until(t, "the machine", exec.Command("buildgrid-python", file, host, "one"), os.Kill, func() bool { return true })
	return "grpc://" + host
}

// postgres starts an empty PostgreSQL as Debian installs it, and says where it is. It does not run
// as root.
func postgres(t testing.TB) (database string) {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	testkit.Check(t, err)
	if path, err := exec.LookPath("postgres"); err == nil && len(found) == 0 {
		found = append(found, path)
	}
	if len(found) == 0 {
		testkit.Skip(t, "PostgreSQL is not installed")
	}
	bin := filepath.Dir(slices.Max(found))
	folder, err := os.MkdirTemp("", "postgres-") // not the test's own, which only its user can enter
	testkit.Check(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	as := &syscall.SysProcAttr{}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		testkit.Check(t, err)
		uid, errU := strconv.Atoi(u.Uid)
		gid, errG := strconv.Atoi(u.Gid)
		testkit.Check(t, errU)
		testkit.Check(t, errG)
		testkit.Check(t, os.Chown(folder, uid, gid))
		as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(bin, name), args...)
		cmd.Dir, cmd.SysProcAttr = folder, as
		return cmd
	}
	data := filepath.Join(folder, "data")
	if out, err := command("initdb", "-D", data, "-A", "trust", "-U", "buildgrid", "-N", "--no-locale", "-E", "UTF8").CombinedOutput(); err != nil {
		t.Fatalf("making a database: %v: %s", err, out)
	}
	host, port, _ := strings.Cut(free(t), ":")
	server := command("postgres", "-D", data, "-p", port, "-c", "listen_addresses="+host, "-c", "unix_socket_directories=", "-c", "fsync=off")
	until(t, "PostgreSQL", server, syscall.SIGQUIT, func() bool {
		return command("pg_isready", "-q", "-h", host, "-p", port).Run() == nil
	})
	return fmt.Sprintf("postgresql+psycopg2://buildgrid@%s:%s/postgres", host, port)
}
