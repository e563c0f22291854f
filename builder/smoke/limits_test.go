package smoke

import (
	"sync/atomic"
	"testing"
	"time"
)

// Who sets no limit has ten seconds, and processor time for a collector beside them and for what is known of the code.
func TestDefaultLimits(t *testing.T) {
	l := Limits{}.withDefaults()
	if l.Wall != 10*time.Second || l.CPUSeconds != 27 {
		t.Errorf("%s, %d s of processor time", l.Wall, l.CPUSeconds)
	}
}

// What a busy machine did not let come to its end is not known, and is not broken.
func TestSlowIsNotBroken(t *testing.T) {
	var asked atomic.Int64
	stopped := func() time.Duration { asked.Add(1); return 0 } // the machine gives nothing
	r := loadWithin(t.Context(), voidModule("_initialize", 0x03, 0x40, 0x0c, 0, 0x0b), Options{Limits: Limits{Wall: 50 * time.Millisecond}}, stopped)
	if r.Verdict != Unknown || !hasCode(r, "smoke-slow") || asked.Load() == 0 {
		t.Errorf("verdict %s, findings %v", r.Verdict, r.Findings)
	}
}
