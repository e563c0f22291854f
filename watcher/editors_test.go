package watcher

import "testing"

// What editors do was traced; the watcher reports droppings too, as it has no
// Skip here: which files are sources is the rules' business.
func TestEditors(t *testing.T) {
	const setup = "write r/f old\nmkdir r/sub\nwrite r/sub/g old"
	runAll(t, []scripted{
		{name: "vim with backup and rename", setup: setup, want: "r/f", never: "r/sub/g", script: `
			write r/4913
			rm r/4913
			mv r/f r/f~
			write r/f new
			chmod r/f 644
			rm r/f~`},
		{name: "vim swap file beside", setup: setup, want: "r/f", script: `
			write r/.f.swp x
			append r/.f.swp y
			truncate r/f
			append r/f new
			rm r/.f.swp`},
		{name: "emacs lock and auto-save", setup: setup, want: "r/sub/g", never: "r/f", script: `
			link r/sub/.#g user@host.1234:5678
			write r/sub/#g# new
			mv r/sub/g r/sub/g~
			write r/sub/g new
			rm r/sub/#g#
			rm r/sub/.#g`},
		{name: "JetBrains safe write", setup: setup, want: "r/f", script: `
			write r/f___jb_tmp___ new
			mv r/f r/f___jb_old___
			mv r/f___jb_tmp___ r/f
			rm r/f___jb_old___`},
		{name: "VS Code in place", setup: setup, want: "r/f", script: `
			truncate r/f
			append r/f new`},
		{name: "sed -i", setup: setup, want: "r/sub/g", never: "r/f", script: `
			write r/sub/sedAbC123 new
			chmod r/sub/sedAbC123 644
			mv r/sub/sedAbC123 r/sub/g`},
		{name: "slow pieces", setup: setup, want: "r/f", script: `
			append r/f a
			quiet
			append r/f b
			quiet
			append r/f c`},
		{name: "same size at once", setup: setup, want: "r/f", script: `
			write r/f new
			write r/f owl`},
		{name: "chmod only", setup: setup, want: "r/f", never: "r/sub", script: `chmod r/f 600`},
		{name: "touch", setup: setup, want: "r/f", never: "r/sub", script: `touch r/f`},
		{name: "hard link in its place", setup: setup + "\nwrite elsewhere new", want: "r/f", script: `
			rm r/f
			hard elsewhere r/f`},
		{name: "remove", setup: setup, want: "r/f", never: "r/sub", script: `rm r/f`},
	})
}
