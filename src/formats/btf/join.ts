// Type information of a module continues that of the kernel: both as one blob, with the numbers that the module uses.

import { MalformedFile } from "../malformed-file.ts";

const headerLength = 24;

interface Parts {
  readonly types: Uint8Array;
  readonly strings: Uint8Array;
}

function partsOf(bytes: Uint8Array): Parts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < headerLength || view.getUint16(0, true) !== 0xeb9f) throw new MalformedFile("not BTF");
  const base = view.getUint32(4, true);
  const section = (at: number) => {
    const start = base + view.getUint32(at, true);
    return bytes.subarray(start, start + view.getUint32(at + 4, true));
  };
  return { types: section(8), strings: section(16) };
}

/** Types of the second follow those of the first; its name offsets count on from the first's strings. */
export function joinBtf(kernel: Uint8Array, module: Uint8Array): Uint8Array {
  const [first, second] = [partsOf(kernel), partsOf(module)];
  const typeLength = first.types.length + second.types.length;
  const stringLength = first.strings.length + second.strings.length;
  const joined = new Uint8Array(headerLength + typeLength + stringLength);
  const view = new DataView(joined.buffer);
  view.setUint16(0, 0xeb9f, true);
  view.setUint8(2, 1);
  view.setUint32(4, headerLength, true);
  view.setUint32(8, 0, true);
  view.setUint32(12, typeLength, true);
  view.setUint32(16, typeLength, true);
  view.setUint32(20, stringLength, true);
  joined.set(first.types, headerLength);
  joined.set(second.types, headerLength + first.types.length);
  joined.set(first.strings, headerLength + typeLength);
  joined.set(second.strings, headerLength + typeLength + first.strings.length);
  return joined;
}
