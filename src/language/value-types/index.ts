// Value types whose bytes become text when they are printed: symbols, addresses, times.

import type { ValueTypeDef } from "../../define/value-type.ts";
import { formatTime } from "../../output/strftime.ts";

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const ksym: ValueTypeDef = {
  name: "ksym",
  decode: (bytes, _parameters, host) => {
    const address = view(bytes).getBigUint64(0, true);
    return { kind: "text", bytes: host.kernelSymbol(address) ?? `0x${address.toString(16)}` };
  },
};

const usym: ValueTypeDef = {
  name: "usym",
  namesUserAddress: true,
  decode: (bytes, _parameters, host) => {
    const address = view(bytes).getBigUint64(0, true);
    const pid = Number(view(bytes).getBigUint64(8, true));
    return { kind: "text", bytes: host.userSymbol(pid, address) ?? `0x${address.toString(16)}` };
  },
};

/** Text of an IPv6 address with its longest run of zeros left out (RFC 5952). */
export function formatInet6(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] ?? 0) << 8) | (bytes[2 * i + 1] ?? 0));
  const mapped = words.slice(0, 5).every((w) => w === 0) && words[5] === 0xffff;
  if (mapped) return `::ffff:${bytes.subarray(12, 16).join(".")}`;
  let best = { at: -1, length: 1 };
  for (let at = 0; at < 8; at++) {
    let length = 0;
    while (at + length < 8 && words[at + length] === 0) length += 1;
    if (length > best.length) best = { at, length };
  }
  const hex = (list: readonly number[]) => list.map((w) => w.toString(16)).join(":");
  if (best.at < 0) return hex(words);
  return `${hex(words.slice(0, best.at))}::${hex(words.slice(best.at + best.length))}`;
}

const inet: ValueTypeDef = {
  name: "inet",
  decode: (bytes) => {
    const family = Number(view(bytes).getBigInt64(0, true));
    const address = bytes.subarray(8, 24);
    if (family === 2) return { kind: "text", bytes: address.subarray(0, 4).join(".") };
    return { kind: "text", bytes: family === 10 ? formatInet6(address) : "" };
  },
};

const macaddr: ValueTypeDef = {
  name: "macaddr",
  decode: (bytes) => {
    const parts = [...bytes.subarray(0, 6)].map((byte) => byte.toString(16).toUpperCase().padStart(2, "0"));
    return { kind: "text", bytes: parts.join(":") };
  },
};

const timestamp: ValueTypeDef = {
  name: "timestamp",
  decode: (bytes, [format, mode], host) => {
    const nanoseconds = view(bytes).getBigUint64(8, true);
    const wall = mode === "tai" || mode === "sw_tai" ? nanoseconds : nanoseconds + host.bootToRealtime;
    const text = formatTime(String(format), wall).slice(0, host.maxStrlen);
    if (text === "") host.complain(`strftime("${format}") gives no text`);
    return { kind: "text", bytes: text === "" || wall < 1_000_000_000n ? "(?)" : text };
  },
};

const cgroupPath: ValueTypeDef = {
  name: "cgroup_path",
  decode: (bytes, [filter], host) => ({
    kind: "text",
    bytes: host.cgroupPath(view(bytes).getBigUint64(0, true), String(filter)),
  }),
};

const username: ValueTypeDef = {
  name: "username",
  decode: (bytes, _parameters, host) => ({ kind: "text", bytes: host.userName(view(bytes).getUint32(0, true)) }),
};

/** Floating point numbers of C structs: they can be printed, not computed with. */
function floating(name: string): ValueTypeDef {
  return {
    name,
    decode: (bytes) => {
      if (bytes.length !== 4 && bytes.length !== 8) return { kind: "none" };
      const number = bytes.length === 4 ? view(bytes).getFloat32(0, true) : view(bytes).getFloat64(0, true);
      return { kind: "text", bytes: String(number) };
    },
  };
}

export const valueTypes: readonly ValueTypeDef[] = [floating("float"), floating("double"), ksym, usym, inet, macaddr, timestamp, cgroupPath, username];
