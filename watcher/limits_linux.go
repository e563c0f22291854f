package watcher

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Limits reads the inotify limits of this system.
func Limits() (InotifyLimits, error) {
	var l InotifyLimits
	for _, limit := range []struct {
		name string
		to   *int
	}{{"max_user_watches", &l.Watches}, {"max_user_instances", &l.Instances}, {"max_queued_events", &l.Queue}} {
		text, err := os.ReadFile("/proc/sys/fs/inotify/" + limit.name)
		if err != nil {
			return InotifyLimits{}, fmt.Errorf("reading the inotify limits: %w", err)
		}
		if *limit.to, err = strconv.Atoi(strings.TrimSpace(string(text))); err != nil {
			return InotifyLimits{}, fmt.Errorf("reading the inotify limit %s: %w", limit.name, err)
		}
	}
	return l, nil
}

// silent are the file systems where changes can be made that inotify does not
// see: on a server, on a host, by a daemon. Overlay is not among them: nobody may
// write to its lower layers while it is mounted.
var silent = map[uint32]string{
	0x01021997: "9p",
	0x6969:     "nfs",
	0x517B:     "smb",
	0xFE534D42: "smb", // version 2 and later
	0xFF534D42: "cifs",
	0x65735546: "fuse", // virtiofs too
	0x786F4256: "vboxsf",
	0xBACBACBC: "vmhgfs",
	0x7C7C6673: "prl_fs",
	0x5346414F: "afs",
	0x6B414653: "afs",
	0x00C36400: "ceph",
	0x73757245: "coda",
	0x0BD00BD0: "lustre",
	0x47504653: "gpfs",
	0x01161970: "gfs2",
	0x7461636F: "ocfs2",
}

// speaking are the names of usual file systems with events, for doctor.
var speaking = map[uint32]string{
	0xEF53: "ext4", 0x58465342: "xfs", 0x9123683E: "btrfs", 0x01021994: "tmpfs", 0x794C7630: "overlay",
	0x2FC12FC1: "zfs", 0xF2F52010: "f2fs", 0xCA451A4E: "bcachefs", 0x4D44: "fat", 0x2011BAB0: "exfat",
	0x5346544E: "ntfs", 0x7366746E: "ntfs3", 0xE0F5E1E2: "erofs", 0x73717368: "squashfs", 0x9660: "iso9660",
	0x858458F6: "ramfs", 0x52654973: "reiserfs", 0x3434: "nilfs2", 0x72B6: "jffs2", 0x15013346: "udf", 0x3153464A: "jfs", 0x24051905: "ubifs",
}

// pseudo are the names of the kernel's own: what stands there is no file on any
// disk, and changes without an event.
var pseudo = map[uint32]string{
	0x9FA0: "proc", 0x62656572: "sysfs", 0x27E0EB: "cgroup", 0x63677270: "cgroup2", 0x1CD1: "devpts", 0x64626720: "debugfs",
	0x74726163: "tracefs", 0x73636673: "securityfs", 0xF97CFF8C: "selinuxfs", 0xCAFE4A11: "bpf", 0x6165676C: "pstore",
	0xDE5E81E4: "efivarfs", 0x62656570: "configfs", 0x42494E4D: "binfmt_misc", 0x19800202: "mqueue", 0x6E736673: "nsfs",
	0x0187: "autofs", 0x958458F6: "hugetlbfs",
}

// KnownFileSystem says of a kind that FileSystem named whether it is known, and
// whether it is one of the kernel's own, where nobody keeps sources.
func KnownFileSystem(kind string) (known, isPseudo bool) {
	has := func(table map[uint32]string) bool { return slices.Contains(slices.Collect(maps.Values(table)), kind) }
	isPseudo = has(pseudo)
	return isPseudo || has(silent) || has(speaking), isPseudo
}

// FileSystem tells the kind of the file system that path, or the nearest folder
// above it that exists, lies on, and whether it tells of all changes. An unknown
// kind is named by its number, and trusted.
func FileSystem(path string) (kind string, events bool, err error) {
	var st unix.Statfs_t
	for {
		err = unix.Statfs(path, &st)
		up := filepath.Dir(path)
		if err == nil || up == path || (err != unix.ENOENT && err != unix.ENOTDIR && err != unix.EINTR) {
			break
		}
		if err != unix.EINTR {
			path = up
		}
	}
	if err != nil {
		return "", false, &os.PathError{Op: "statfs", Path: path, Err: err}
	}
	kind, events = nameFileSystem(uint32(st.Type))
	return kind, events, nil
}

func nameFileSystem(magic uint32) (kind string, events bool) {
	if name, ok := silent[magic]; ok {
		return name, false
	}
	if name, ok := speaking[magic]; ok {
		return name, true
	}
	if name, ok := pseudo[magic]; ok {
		return name, true
	}
	return fmt.Sprintf("%#x", magic), true
}
