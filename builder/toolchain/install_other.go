//go:build !linux

package toolchain

// installers of the systems that are not Linux.
var installers = []installer{{"brew", "brew install"}}
