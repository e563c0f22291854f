package component

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"
)

// mutantsPerSeed is how many damaged copies of each seed are judged by both decoders: enough
// that every kind of section is hit, few enough for a second or two.
const mutantsPerSeed = 400

// mutate damages a copy of b in one of the ways in which files get damaged or forged.
func mutate(r *rand.Rand, b []byte) []byte {
	m := append([]byte(nil), b...)
	at := r.IntN(len(m)-preambleSize+1) + preambleSize - 1
	switch r.IntN(6) {
	case 0:
		m[at] ^= 1 << r.IntN(8)
	case 1:
		m[at] = []byte{0x00, 0x01, 0x7f, 0x80, 0xff, 0x40}[r.IntN(6)]
	case 2:
		m[at]++
	case 3:
		return m[:at]
	case 4: // repeat some bytes
		n := min(r.IntN(16), len(m)-at)
		return append(m[:at+n:at+n], m[at:]...)
	case 5: // lose some bytes
		n := min(r.IntN(4)+1, len(m)-at)
		return append(m[:at], m[at+n:]...)
	}
	return m
}

// stricter are the oracle's complaints about what Decode does not judge: whether core items
// match in name and type (the engine tells when it instantiates them), how names are spelled
// and what a spelling demands of a type, and what options belong together. The oracle of this
// version also refuses every start function as a second one.
var stricter = regexp.MustCompile(`core instance \d+ (has no export named|is not a)|module instantiation argument|` +
	`lowered (parameter|result) types|canonical option|kebab case|valid extern name|interface version|` +
	`more than one start function|cannot specify (post-return|callback)|resource name|first argument called|` +
	`parameter named|function should return|after package name|not valid to be used as import|` +
	`spawn type must be shared|wrong signature for a destructor|` +
	`historically accepted as|expected (resource|table element|a result|no result|\d+ parameters)|immediate must be|` +
	`trailing characters|type mismatch|for canonical function|not valid to be used as export`)

// complaint finds the offset in the oracle's complaint.
var complaint = regexp.MustCompile(`\(at offset 0x([0-9a-f]+)\)`)

// beyond tells whether the oracle complains about something that Decode does not judge: code
// in a core module, or one of the above.
func beyond(c *Component, message string) bool {
	if m := complaint.FindStringSubmatch(message); m != nil {
		at, _ := strconv.ParseInt(m[1], 16, 64)
		for _, cm := range modules(c) {
			if at >= cm.Range.Offset && at <= cm.Range.Offset+cm.Range.Size {
				return true
			}
		}
	}
	return stricter.MatchString(message)
}

// TestMutantsAgree damages components and asks both decoders. Decode must accept whatever the
// independent tool holds valid, and refuse whatever it holds malformed.
func TestMutantsAgree(t *testing.T) {
	all := corpus(t)
	for name, b := range seeds(t) {
		all[name] = b
	}
	o := newOracle(t)
	for name, b := range all {
		if len(b) > 64<<10 || Sniff(b).Kind != KindComponent || len(b) == preambleSize {
			continue
		}
		t.Run(name, func(t *testing.T) {
			o.t = t
			r := rand.New(rand.NewPCG(1, uint64(len(b))))
			valid := 0
			for i := range mutantsPerSeed {
				if judge(t, o, fmt.Sprintf("%s mutant %d", name, i), mutate(r, b)) {
					valid++
				}
			}
			if valid == 0 || valid == mutantsPerSeed {
				t.Errorf("%d of %d mutants are valid: nothing was compared", valid, mutantsPerSeed)
			}
		})
	}
	if o.deaths > mutantsPerSeed {
		t.Errorf("the oracle died %d times", o.deaths)
	}
}

// judge compares both decoders on one input and tells whether the oracle held it valid.
func judge(t *testing.T, o *oracle, name string, b []byte) (valid bool) {
	t.Helper()
	c, err := Decode(b)
	a := o.ask(question{Op: "validate", Data: b})
	switch {
	case a.Fatal:
		return false
	case !a.invalid() && Sniff(b).Kind == KindComponent && o.ask(question{Op: "print", Data: b}).Error != "":
		return false // the validator overlooks a module that ends with the file, the printer does not
	case !a.invalid() && Sniff(b).Kind == KindComponent:
		if err != nil {
			t.Errorf("%s is valid (%q): %v\n% x", name, a.Error, err, b[:min(len(b), 600)])
		}
		return true
	case err == nil:
		checkComponent(t, b, c)
		if !beyond(c, a.Error) {
			t.Errorf("%s is accepted, but: %s\n% x", name, a.Error, b[:min(len(b), 1200)])
		}
	}
	return false
}

// TestModuleMutantsAgree damages core modules and asks the JavaScript engine.
func TestModuleMutantsAgree(t *testing.T) {
	all := corpus(t)
	o := newOracle(t)
	for name, b := range map[string][]byte{"c": all["c.core.wasm"], "rust": all["rust.core.wasm"], "module": handEncoded()["module"]} {
		r := rand.New(rand.NewPCG(2, uint64(len(b))))
		valid := 0
		for i := range 2 * mutantsPerSeed {
			m := mutate(r, b)
			if o.ask(question{Op: "engine", Data: m}).Text == "" {
				continue
			}
			valid++
			if _, err := DecodeModule(m); err != nil {
				t.Errorf("%s mutant %d is valid: %v\n% x", name, i, err, m[:min(len(m), 600)])
			}
		}
		if valid == 0 {
			t.Errorf("no mutant of %s is valid", name)
		}
	}
}
