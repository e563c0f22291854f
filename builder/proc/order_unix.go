//go:build unix

package proc

import (
	"fmt"
	"strconv"
	"time"
)

// order is what guardianCommand wrote into the arguments.
type order struct {
	grace  time.Duration
	limits Limits
	dir    string
	path   string
	argv   []string
}

func parseOrder(args []string) (o order, err error) {
	if len(args) < 6 {
		return o, fmt.Errorf("%d arguments", len(args))
	}
	if o.grace, err = time.ParseDuration(args[0]); err != nil {
		return o, err
	}
	if o.limits, err = parseLimits(args[1:3]); err != nil {
		return o, err
	}
	o.dir, o.path, o.argv = args[3], args[4], args[5:]
	return o, nil
}

func parseLimits(args []string) (l Limits, err error) {
	if l.AddressSpace, err = strconv.ParseUint(args[0], 10, 64); err != nil {
		return l, err
	}
	l.CPUSeconds, err = strconv.ParseUint(args[1], 10, 64)
	return l, err
}
