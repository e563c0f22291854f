// Package script runs scripts against the real program: testdata/script/FOLDER/NAME.txtar,
// a folder for each feature. It is imported by tests only. A test binary that runs scripts
// is itself the program astrid-dev, by testscript.Main in its TestMain.
//
// Beside testscript's own commands scripts have:
//
//	start NAME ARG...       run astrid-dev ARG... in the background, JSON events to NAME.json;
//	                        @FILE stands for the words in FILE
//	event NAME TYPE [TEXT]  wait for the next event of TYPE whose JSON contains TEXT
//	never NAME TYPE [TEXT]  no such event came since start
//	count NAME TYPE N       exactly N such events came since start
//	end NAME [CODE]         Ctrl-C; it ends within two seconds with CODE (0)
//	ended NAME CODE         wait until it has ended, with CODE
//	kill9 NAME              kill -9
//	signal NAME SIGNAL      STOP, CONT, TERM or INT (Unix)
//	gone TEXT               within a second no process has TEXT in its arguments or environment
//	wrong ARG...            astrid-dev ARG... ends with 2, says why on stderr and nothing on stdout
//	untimed FILE FILE       two JSON reports have the same bytes but for times
//	save FILE TEXT          write FILE as an editor does, a new file renamed over it
//	append FILE TEXT        add a line
//	runtime NAME            run the real runtime as a user does, until the script ends
//	same FILE FILE          the two have the same bytes
//	mmap FILE TEXT          write TEXT over FILE's beginning through a mapping (Unix)
//	built NAME DIR          copy a capsule of builder/tools/testdata, with its module
//	example NAME DIR        copy an example
//	capsule DIR [LINE...]   write a capsule that builds in milliseconds, with LINEs as its settings
//	speaker DIR [LINE...]   write a capsule that the real runtime loads, and that builds in milliseconds
//	wasm NAME FILE          write one of modules()
//	npmdeps DIR             the packages of DIR/package-lock.json, as DIR/node_modules
//	jco DIR                 jco in DIR/node_modules
//	rust                    a cargo that can build capsules comes first in PATH
//	warm NAME               cargo builds into the folder NAME, which is kept from run to run of the tests
//	tty NAME ARG...         run astrid-dev ARG... on a terminal (Linux), which shows NAME.screen
//	tty NAME -- PROGRAM ... the same with another program; $COLUMNS is the width, $TERM the kind
//	type NAME TEXT          type a line there
//	press NAME KEYS         press keys there, without Enter; ^C is Ctrl-C
//	mode NAME own|keys      wait until the terminal has its own mode, or that for single keys
//	resize NAME COLUMNS     give the terminal another width
//	screen NAME REGEXP      wait until it shows what matches, after what matched last
//
// With $WATCHES start runs it as a user who has so many inotify watches. The conditions
// [poll], [userns] and [tool:NAME] are known besides testscript's own.
package script
