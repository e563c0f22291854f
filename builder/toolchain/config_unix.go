//go:build !windows && !darwin

package toolchain

// userConfig is where programs keep a user's settings, below the home folder.
const userConfig = ".config"
