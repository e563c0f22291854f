package testkit

import "os"

// Handle is for the TestMain of a package whose tests start their own program again as
// something else (proc.Main, smoke.Main, builder.Main): the first of mains that the arguments
// are for runs, and ends the process.
func Handle(mains ...func(args []string) (code int, handled bool)) {
	for _, main := range mains {
		if code, handled := main(os.Args[1:]); handled {
			os.Exit(code)
		}
	}
}
