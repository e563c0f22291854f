package component

import (
	"encoding/binary"
	"slices"
)

// The encoder of the tests is written against the format's grammar and shares nothing with
// the decoder but its result types.

func uleb(n uint64) []byte { return binary.AppendUvarint(nil, n) }

func cat(parts ...[]byte) []byte { return slices.Concat(parts...) }

func str(s string) []byte { return cat(uleb(uint64(len(s))), []byte(s)) }

func vecOf(items ...[]byte) []byte { return cat(uleb(uint64(len(items))), cat(items...)) }

func sec(id byte, payload ...[]byte) []byte {
	p := cat(payload...)
	return cat([]byte{id}, uleb(uint64(len(p))), p)
}

func comp(sections ...[]byte) []byte {
	return cat([]byte("\x00asm\x0d\x00\x01\x00"), cat(sections...))
}

func mod(sections ...[]byte) []byte {
	return cat([]byte("\x00asm\x01\x00\x00\x00"), cat(sections...))
}

// ext is an import's or export's name in the form that tools write.
func ext(s string) []byte { return cat([]byte{0x00}, str(s)) }

// sortBytes are the sorts as they are written in a component, by Sort.
var sortBytes = [sortCount][]byte{{0, 0}, {0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 0x10}, {0, 0x11}, {0, 0x12}, {1}, {2}, {3}, {4}, {5}}

// encodeDef writes a definition of one of the sections that consist of names, sorts and
// indices; ok is false for the others, and for names in a form that the decoder does not keep.
func encodeDef(d Def) (b []byte, ok bool) {
	switch d := d.(type) {
	case *CoreInstance:
		return encodeCoreInstance(d), true
	case *Instance:
		return encodeInstance(d), true
	case *Alias:
		return encodeAlias(d), true
	case *Canon:
		return encodeCanon(d), d.Op != TaskReturn
	case *Start:
		return cat(uleb(uint64(d.Func)), []byte{0, 0}), true
	}
	return nil, false
}

func encodeCoreInstance(d *CoreInstance) []byte {
	var items [][]byte
	if !d.Inline {
		for _, a := range d.Args {
			items = append(items, cat(str(a.Name), []byte{0x12}, uleb(uint64(a.Instance))))
		}
		return cat([]byte{0}, uleb(uint64(d.Module)), vecOf(items...))
	}
	for _, e := range d.Exports {
		items = append(items, cat(str(e.Name), sortBytes[e.Sort][1:], uleb(uint64(e.Index))))
	}
	return cat([]byte{1}, vecOf(items...))
}

func encodeInstance(d *Instance) []byte {
	var items [][]byte
	if !d.Inline {
		for _, a := range d.Args {
			items = append(items, cat(str(a.Name), sortBytes[a.Sort], uleb(uint64(a.Index))))
		}
		return cat([]byte{0}, uleb(uint64(d.Component)), vecOf(items...))
	}
	for _, e := range d.Exports {
		items = append(items, cat(ext(e.Name), sortBytes[e.Sort], uleb(uint64(e.Index))))
	}
	return cat([]byte{1}, vecOf(items...))
}

func encodeAlias(d *Alias) []byte {
	s, _, _ := d.Index()
	switch d.Kind {
	case AliasExport:
		return cat(sortBytes[s], []byte{0}, uleb(uint64(d.Instance)), str(d.Name))
	case AliasCoreExport:
		return cat(sortBytes[s], []byte{1}, uleb(uint64(d.Instance)), str(d.Name))
	}
	return cat(sortBytes[s], []byte{2}, uleb(uint64(d.Count)), uleb(uint64(d.Outer)))
}

func flagByte(b bool) []byte {
	if b {
		return []byte{1}
	}
	return []byte{0}
}

func encodeCanon(d *Canon) []byte {
	op := []byte{byte(d.Op)}
	typ := uleb(uint64(d.Type))
	switch d.Op {
	case Lift:
		return cat(op, []byte{0}, uleb(uint64(d.Func)), encodeOptions(d.Options), typ)
	case Lower:
		return cat(op, []byte{0}, uleb(uint64(d.Func)), encodeOptions(d.Options))
	case TaskCancel, BackpressureSet, SubtaskDrop, ErrorContextDrop, WaitableSetNew, WaitableSetDrop,
		WaitableJoin, BackpressureInc, BackpressureDec, ThreadIndex, ThreadResumeLater:
		return op
	case SubtaskCancel:
		return cat(op, flagByte(d.Async))
	case ContextGet, ContextSet:
		return cat(op, []byte{byte(d.SlotType)}, uleb(uint64(d.Slot)))
	case StreamRead, StreamWrite, FutureRead, FutureWrite:
		return cat(op, typ, encodeOptions(d.Options))
	case StreamCancelRead, StreamCancelWrite, FutureCancelRead, FutureCancelWrite:
		return cat(op, typ, flagByte(d.Async))
	case ErrorContextNew, ErrorContextDebugMessage:
		return cat(op, encodeOptions(d.Options))
	case WaitableSetWait, WaitableSetPoll:
		return cat(op, flagByte(d.Cancellable), uleb(uint64(d.Options.Memory)))
	case ThreadYield, ThreadSuspend, ThreadSuspendThenResume, ThreadYieldThenResume,
		ThreadSuspendThenPromote, ThreadYieldThenPromote:
		return cat(op, flagByte(d.Cancellable))
	case ThreadNewIndirect:
		return cat(op, typ, uleb(uint64(d.Table)))
	case ThreadSpawnRef:
		return cat(op, flagByte(d.Shared), typ)
	case ThreadSpawnIndirect:
		return cat(op, flagByte(d.Shared), typ, uleb(uint64(d.Table)))
	case ThreadAvailableParallelism:
		return cat(op, flagByte(d.Shared))
	}
	return cat(op, typ) // resource.*, new, drop-*, forward
}

// encodeOptions writes options in the order of their bytes, which not every tool keeps.
func encodeOptions(o CanonOptions) []byte {
	var items [][]byte
	if i := slices.Index([]string{"utf8", "utf16", "latin1+utf16"}, o.Encoding); i >= 0 {
		items = append(items, []byte{byte(i)})
	}
	for op, i := range map[byte]int64{3: o.Memory, 4: o.Realloc, 5: o.PostReturn, 7: o.Callback, 8: o.CoreType} {
		if i >= 0 {
			items = append(items, cat([]byte{op}, uleb(uint64(i))))
		}
	}
	if o.Async {
		items = append(items, []byte{6})
	}
	if o.GC {
		items = append(items, []byte{9})
	}
	slices.SortFunc(items, slices.Compare)
	return vecOf(items...)
}
