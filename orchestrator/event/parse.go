package event

import (
	"encoding/json"
	"fmt"
	"reflect"
)

// kinds are the bodies by their kind.
var kinds = func() map[Kind]reflect.Type {
	all := map[Kind]reflect.Type{}
	for _, b := range []Body{Ready{}, Snapshot{}, CapsuleAdded{}, CapsuleRemoved{}, Change{}, Unchanged{}, BuildStarted{}, BuildSuperseded{},
		BuildFailed{}, SmokeFailed{}, Reload{}, Live{}, LiveFailed{}, HookEnded{}, Warning{}, Held{}, Idle{}, Serving{}} {
		all[b.Kind()] = reflect.TypeOf(b)
	}
	return all
}()

// Parse reads what MarshalJSON wrote. Fields that are not known are passed over; a kind that is
// not known is an error.
func Parse(line []byte) (Event, error) {
	var h head
	if err := json.Unmarshal(line, &h); err != nil {
		return Event{}, err
	}
	kind, known := kinds[h.Type]
	if !known || h.V != Version {
		return Event{}, fmt.Errorf("an event %q of version %d is not known here", h.Type, h.V)
	}
	body := reflect.New(kind)
	if err := json.Unmarshal(line, body.Interface()); err != nil {
		return Event{}, err
	}
	b, _ := body.Elem().Interface().(Body)
	return Event{Seq: h.Seq, Time: h.Time, Capsule: h.Capsule, Dir: h.Dir, Body: b}, nil
}
