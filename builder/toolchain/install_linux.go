package toolchain

// installers of the common distributions; brew last, since who has it beside
// the distribution's own uses it for fewer things.
var installers = []installer{
	{"apt-get", "sudo apt-get install"}, {"dnf", "sudo dnf install"}, {"pacman", "sudo pacman -S"},
	{"apk", "sudo apk add"}, {"brew", "brew install"},
}
