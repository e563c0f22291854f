package toolchain

// userConfig is where programs keep a user's settings, below the profile.
const userConfig = `AppData\Roaming`
