package fsys

import "golang.org/x/sys/unix"

// KeepsTimes reports whether the folder lies on a file system on which every change of a file sets its
// ctime, which nobody can set otherwise, by this machine's clock and to the nanosecond. Those on which another
// machine writes, and those with coarse times, are not among them, nor those that nobody has listed.
func (d *Dir) KeepsTimes() bool {
	var st unix.Statfs_t
	if err := again(func() error { return unix.Fstatfs(d.fd, &st) }); err != nil {
		return false
	}
	switch uint32(st.Type) {
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.TMPFS_MAGIC, unix.OVERLAYFS_SUPER_MAGIC,
		unix.F2FS_SUPER_MAGIC, 0x2FC12FC1 /* zfs */, 0xCA451A4E /* bcachefs */ :
		return true
	}
	return false
}
