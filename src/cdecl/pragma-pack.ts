// `#pragma pack`: takes the pragmas out of a token stream and remembers where which packing is in force. Pure.

import type { CToken } from "./c-token.ts";

export interface PackRegions {
  /** Packing at a token index: the largest alignment of members; undefined: none. */
  at(index: number): number | undefined;
}

interface PackEntry {
  readonly label: string | undefined;
  readonly pack: number | undefined;
}

/** Tokens without pragmas, and the packing in force at each of them. */
export function splitPragmas(stream: readonly CToken[]): { tokens: readonly CToken[]; regions: PackRegions } {
  const changes: { from: number; pack: number | undefined }[] = [];
  const stack: PackEntry[] = [];
  let pack: number | undefined;
  const tokens: CToken[] = [];
  for (const token of stream) {
    if (token.kind !== "pragma") {
      tokens.push(token);
      continue;
    }
    pack = applyPragma(token.text, pack, stack);
    changes.push({ from: tokens.length, pack });
  }
  return { tokens, regions: { at: (index) => changes.findLast((change) => change.from <= index)?.pack } };
}

/** `pack(n)`, `pack()`, `pack(push[, label][, n])`, `pack(pop[, label])`; gives the new packing. */
function applyPragma(text: string, pack: number | undefined, stack: PackEntry[]): number | undefined {
  const words = (/\(([^)]*)\)/.exec(text)?.[1] ?? "").split(",").map((word) => word.trim());
  const number = words.map(Number).find((value) => [1, 2, 4, 8, 16].includes(value));
  const label = words.slice(1).find((word) => /^[A-Za-z_]/.test(word));
  switch (words[0]) {
    case "push":
      stack.push({ label, pack });
      return number ?? pack;
    case "pop": {
      const at = label === undefined ? stack.length - 1 : stack.findLastIndex((entry) => entry.label === label);
      const entry = stack[at];
      if (entry === undefined) return pack;
      stack.length = at;
      return number ?? entry.pack;
    }
    default:
      return number;
  }
}
