// The Component Model's canonical ABI for
//
//   astrid-hook-trigger: func(action: string, payload: list<u8>) -> capsule-result
//   record capsule-result { action: string, data: option<string> }
//
// The caller asks cabi_realloc for memory, writes the arguments there, and reads
// the result from the address that trigger returns.

import { handle } from "./index";

// What the kernel is told: what to do next, and JSON for whoever asked.
export class Answer {
  constructor(public action: string, public data: string | null) {}
}

// capsule-result as it lies in memory: two words for the action, one for whether
// there is data, two for the data.
const result = memory.data(20, 4);

// What the caller knows only as an address is kept here until the next call.
let action: ArrayBuffer = new ArrayBuffer(0);
let data: ArrayBuffer = new ArrayBuffer(0);

export function cabi_realloc(old: usize, oldSize: usize, align: usize, size: usize): usize {
  if (size == 0) return align;
  return old == 0 ? heap.alloc(size) : heap.realloc(old, size);
}

export function trigger(name: usize, nameLen: usize, at: usize, length: i32): usize {
  const payload = new Uint8Array(length);
  memory.copy(payload.dataStart, at, length);
  const answer = handle(String.UTF8.decodeUnsafe(name, nameLen), payload);
  if (nameLen) heap.free(name);
  if (length) heap.free(at);

  const text = answer.data;
  action = String.UTF8.encode(answer.action);
  data = text === null ? new ArrayBuffer(0) : String.UTF8.encode(text);
  store<usize>(result, changetype<usize>(action));
  store<usize>(result, action.byteLength, 4);
  store<u32>(result, text === null ? 0 : 1, 8);
  store<usize>(result, changetype<usize>(data), 12);
  store<usize>(result, data.byteLength, 16);
  return result;
}
