// Stacks as text: a line for each frame, in the layout of the stack's mode.

import type { UserFrame } from "../symbols/user-frame.ts";
import type { StackType } from "../types/type.ts";

/** Where names come from. */
export interface FrameSource {
  kernel(address: bigint): { readonly name: string; readonly offset: bigint } | undefined;
  /** `isReturn`: a call returns to the address, so that the source is that of the call. */
  user(pid: number, address: bigint, isReturn: boolean): UserFrame;
}

const indentation = "        ";
/** What a frame begins with. */
const indentations: Readonly<Record<StackType["mode"], string>> = { bpftrace: indentation, perf: "\t", raw: "", build_id: "" };

/** An incomplete stack could not be unwound any further. */
export function renderStack(type: StackType, pid: number, addresses: readonly bigint[], complete: boolean, source: FrameSource): string {
  let text = "\n";
  for (const [i, address] of addresses.entries()) text += frameLines(type, pid, address, i > 0, source);
  return complete ? text : `${text}${indentations[type.mode]}<unwind failure>\n`;
}

function frameLines(type: StackType, pid: number, address: bigint, isReturn: boolean, source: FrameSource): string {
  const hex = address.toString(16);
  if (type.mode === "raw" || type.mode === "build_id") return `${hex}\n`;
  if (type.space === "kernel") {
    const symbol = source.kernel(address);
    const name = symbol === undefined ? `0x${hex}` : `${symbol.name}+${symbol.offset}`;
    return type.mode === "perf" ? `\t${hex} ${name}\n` : `${indentation}${name}\n`;
  }
  const frame = source.user(pid, address, isReturn);
  const name = frame.name === undefined ? `0x${hex}` : `${frame.name}+${frame.offset}`;
  if (type.mode === "perf") {
    const inlined = frame.inlined.map((one) => `\t${hex} ${one.name} (inlined)\n`);
    return `${inlined.join("")}\t${hex} ${name} (${frame.module ?? "[unknown]"})\n`;
  }
  const inlined = frame.inlined.map((one) => `${indentation}[inlined] ${one.name}${place(one.source)}\n`);
  return `${inlined.join("")}${indentation}${name}${place(frame.source)}\n`;
}

function place(source: string | undefined): string {
  return source === undefined ? "" : `@${source}`;
}
