package smoke

import (
	"testing"
	"time"
)

// Who sets no limit has ten seconds, and processor time for a collector beside them.
func TestDefaultLimits(t *testing.T) {
	l := Limits{}.withDefaults()
	if l.Wall != 10*time.Second || l.CPUSeconds != 21 {
		t.Errorf("%s, %d s of processor time", l.Wall, l.CPUSeconds)
	}
}
