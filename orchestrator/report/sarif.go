package report

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/astrid-runtime/astrid-dev/builder/finding"
	"github.com/astrid-runtime/astrid-dev/builder/text"
)

// maxResults is what GitHub takes of one run; a larger file is refused whole.
const maxResults = 25000

// srcRoot is the base that GitHub and editors put the checkout's folder in for.
const srcRoot = "%SRCROOT%"

// The parts of SARIF 2.1.0 that are written; names are the standard's.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool                `json:"tool"`
		Invocations []sarifInvocation        `json:"invocations"`
		BaseIDs     map[string]sarifArtifact `json:"originalUriBaseIds,omitempty"`
		Results     []sarifResult            `json:"results"`
		ColumnKind  string                   `json:"columnKind"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		URI     string      `json:"informationUri"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      finding.Code   `json:"id"`
		Was     []finding.Code `json:"deprecatedIds,omitempty"`
		Short   sarifMessage   `json:"shortDescription"`
		Full    sarifMessage   `json:"fullDescription"`
		Help    sarifHelp      `json:"help"`
		Default sarifLevel     `json:"defaultConfiguration"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifHelp struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Started       string              `json:"startTimeUtc,omitempty"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string       `json:"level"`
		Message sarifMessage `json:"message"`
	}
	sarifResult struct {
		RuleID       finding.Code      `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifMessage      `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   sarifProperties   `json:"properties"`
	}
	sarifProperties struct {
		Capsule string `json:"capsule"`
		Step    string `json:"step"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   sarifRegion   `json:"region"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		Line   int `json:"startLine"`
		Column int `json:"startColumn,omitempty"`
	}
)

// SARIF writes r's findings as a SARIF 2.1.0 log with one run. A finding without a
// file is placed on the capsule's manifest and one without a line on line 1, because
// code scanning drops results that have no place; a compiler's diagnostic without a
// code gets the rule "<step>-diagnostic". Fingerprints do not depend on lines, so a
// finding stays the same when code above it moves.
func SARIF(w io.Writer, r Report) error {
	p := prepare(r)
	results := sarifResults(p)
	invocation := sarifInvocation{Successful: !p.Interrupted}
	if !p.Started.IsZero() {
		invocation.Started = p.Started.Format("2006-01-02T15:04:05.000Z")
	}
	for _, c := range p.Capsules {
		if c.Verdict == NotRun {
			invocation.note(text.ShownName(c.Dir) + ": " + because(c.Verdict, c.Reason))
		}
	}
	if extra := len(results) - maxResults; extra > 0 {
		results = results[:maxResults]
		invocation.note(fmt.Sprintf("%s left out: at most %d are written", text.Count(extra, "result"), maxResults))
	}
	run := sarifRun{Invocations: []sarifInvocation{invocation}, ColumnKind: "unicodeCodePoints"} // ours are bytes; the same for ASCII
	if p.Root != "" {
		run.BaseIDs = map[string]sarifArtifact{srcRoot: {URI: fileURI(strings.TrimSuffix(p.Root, "/") + "/")}}
	}
	run.Results = results
	run.Tool.Driver = sarifDriver{Name: p.Tool.Name, Version: p.Tool.Version,
		URI: "https://github.com/astrid-runtime/astrid-dev", Rules: sarifRules(results)}
	log := sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}
	return indented(w, log, "sarif")
}

func (i *sarifInvocation) note(message string) {
	i.Notifications = append(i.Notifications, sarifNotification{"warning", sarifMessage{message}})
}

// sarifResults are all findings, worst first and otherwise in the report's order.
func sarifResults(p Report) []sarifResult {
	results := []sarifResult{}
	seen := map[string]int{}
	for _, c := range p.Capsules {
		for _, s := range c.Steps {
			for _, f := range c.complaints(s) {
				results = append(results, sarifResultOf(c, s, f, seen))
			}
		}
	}
	slices.SortStableFunc(results, func(a, b sarifResult) int { return cmp.Compare(rankOf(a.Level), rankOf(b.Level)) })
	return results
}

func rankOf(level string) int { return slices.Index([]string{"error", "warning", "note"}, level) }

func sarifResultOf(c Capsule, s Step, f finding.Finding, seen map[string]int) sarifResult {
	id := cmp.Or(f.Code, s.Name.codes().diagnostic)
	message := cmp.Or(text.Shown(f.Message), "no message")
	if f.Hint != "" {
		message += "\n" + text.Shown(f.Hint)
	}
	file := cmp.Or(f.File, c.manifest())
	key := strings.Join([]string{c.Dir, s.Name.String(), string(id), file, f.Message}, "\x00")
	seen[key]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", key, seen[key]))
	return sarifResult{RuleID: id, Level: clamp(f.Severity).String(), Message: sarifMessage{message},
		Locations:    []sarifLocation{{sarifPhysical{sarifFile(file), sarifRegion{max(f.Line, 1), f.Column}}}},
		Fingerprints: map[string]string{"astridDev/v1": fmt.Sprintf("%x", sum)},
		Properties:   sarifProperties{c.Dir, s.Name.String()}}
}

// sarifRules describes the codes that results use, sorted, and points the results at them.
func sarifRules(results []sarifResult) []sarifRule {
	used := map[finding.Code]sarifRule{}
	for _, res := range results {
		if _, ok := used[res.RuleID]; !ok {
			used[res.RuleID] = sarifRuleOf(res)
		}
	}
	rules := make([]sarifRule, 0, len(used))
	for _, rule := range used {
		rules = append(rules, rule)
	}
	slices.SortFunc(rules, func(a, b sarifRule) int { return cmp.Compare(a.ID, b.ID) })
	index := map[finding.Code]int{}
	for i, rule := range rules {
		index[rule.ID] = i
	}
	for i := range results {
		results[i].RuleIndex = index[results[i].RuleID]
	}
	return rules
}

// sarifRuleOf describes a result's code as the table does. A compiler's own code, which is
// not in it, is described by the first message that has it.
func sarifRuleOf(res sarifResult) sarifRule {
	known, ours := res.RuleID.Rule()
	if !ours {
		known.Severity = finding.Severity(rankOf(res.Level))
		known.Summary, known.Remedy, _ = strings.Cut(res.Message.Text, "\n")
	}
	rule := sarifRule{ID: res.RuleID, Was: known.Was, Default: sarifLevel{known.Severity.String()}}
	rule.Short.Text = cmp.Or(text.ShownLine(known.Summary), string(rule.ID))
	rule.Full.Text = rule.Short.Text
	rule.Help.Text = cmp.Or(text.Shown(known.Remedy), rule.Short.Text)
	rule.Help.Markdown = escapeMarkdown(rule.Help.Text)
	return rule
}

// sarifFile is where a file lies: below the checkout, or anywhere on this machine.
func sarifFile(file string) sarifArtifact {
	if path.IsAbs(file) || len(file) > 1 && file[1] == ':' && len(file) > 2 && file[2] == '/' {
		return sarifArtifact{URI: fileURI(file)}
	}
	return sarifArtifact{URI: (&url.URL{Path: file}).String(), Base: srcRoot}
}

// fileURI is the address of an absolute path with slashes, "C:/x" included.
func fileURI(file string) string {
	if !strings.HasPrefix(file, "/") {
		file = "/" + file
	}
	return (&url.URL{Scheme: "file", Path: file}).String()
}
