package report

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Outputs is where the report of one run goes.
type Outputs struct {
	Files   []Target  // those that were asked for
	Answer  io.Writer // the run's answer
	JSON    bool      // the answer is the JSON report, not text
	Nothing string    // the text when no capsule was selected; "": the usual summary

	// Workflow is the log of a GitHub action, which reads commands from it; nil: there is none.
	Workflow io.Writer
	Summary  string // the file of the step's summary; "": there is none
}

// Write writes r to all of them, also when one refuses. The error names each that did.
func (o Outputs) Write(r Report) error {
	errs := []error{WriteFiles(o.Files, r), o.answer(r)}
	if o.Workflow != nil {
		errs = append(errs, Annotations(o.Workflow, r))
	}
	return errors.Join(append(errs, AppendSummary(o.Summary, r))...)
}

func (o Outputs) answer(r Report) error {
	switch {
	case o.JSON:
		return JSON(o.Answer, r)
	case len(r.Capsules) == 0 && o.Nothing != "":
		_, err := fmt.Fprintln(o.Answer, "nothing to verify: "+o.Nothing)
		return err
	}
	return Console(o.Answer, r)
}

// AppendSummary adds the page to a CI step's summary in path, which earlier commands of
// the step may have begun; "" is nowhere. A device or a named pipe is written as it is.
func AppendSummary(path string, r Report) error {
	if path == "" {
		return nil
	}
	if err := appendSummary(path, r); err != nil {
		return fmt.Errorf("writing the step summary to %q: %w", path, err)
	}
	return nil
}

func appendSummary(path string, r Report) error {
	path, _, device, err := place(path)
	if err != nil {
		return err
	}
	if device { // a plain open would wait for a pipe's reader without end
		return writeTo(path, FormatMarkdown, r, readerPatience)
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(Markdown(file, r), file.Close())
}
