// A capsule that tells the CRC-32 of what it is given.

import { Answer } from "./abi";

export { cabi_realloc, trigger } from "./abi";

// Answers the handlers that Capsule.toml names in [subscribe].
export function handle(action: string, payload: Uint8Array): Answer {
  if (action == "checksum") {
    return new Answer("continue", '{"crc32":"' + hex(crc32(payload)) + '"}');
  }
  return new Answer("continue", null);
}

function crc32(bytes: Uint8Array): u32 {
  let crc: u32 = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) {
    crc ^= bytes[i];
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return ~crc;
}

function hex(value: u32): string {
  return value.toString(16).padStart(8, "0");
}
