package sqlite

import "golang.org/x/sys/unix"

// networkFileSystems are the magic numbers of statfs(2) for file systems whose
// locks do not hold between hosts.
var networkFileSystems = map[uint32]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xff534d42: "CIFS",
	0xfe534d42: "SMB2",
	0x01021997: "9p",
	0x5346414f: "AFS",
	0x00c36400: "Ceph",
	0x0bd00bd0: "Lustre",
	0x47504653: "GPFS",
	0x65735546: "FUSE",
}

// networkFileSystem names the kind of network file system the directory lies
// on, or returns "".
func networkFileSystem(dir string) string {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return ""
	}
	return networkFileSystems[uint32(stat.Type)] // the magic numbers have 32 bits
}
