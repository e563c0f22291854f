// Package report writes what verify found, for machines and people.
//
// A caller lists every capsule first with Planned, fills in what ran, and
// hands the Report to as many writers as it likes. What never ran stays
// not_run, so an interrupted run is reported by the same call as a whole one.
// No function here keeps state: writers may run concurrently as long as nobody
// changes the Report meanwhile.
//
// The files call one way, from top to bottom:
//
//	outputs.go      where the report of a run goes
//	target.go       one file that a report is written to
//	pipe_*.go       opening a named pipe without waiting for its reader
//	pipe.go         writing to a reader who may stop
//	merge.go        one report of those of several runs
//	earlier.go      what an earlier report says
//	sarif.go        findings for code scanning and editors
//	junit.go        test results for CI systems
//	markdown.go     a page for people
//	annotations.go  a GitHub workflow's log
//	console.go      a summary for people
//	json.go         this tool's own format
//	words.go        what several formats say alike
//	prepare.go      a report as it is written
//	text.go         texts of bounded length
//	report.go       a report
//	verdict.go      verdicts and steps
package report
