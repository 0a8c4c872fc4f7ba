// Memory: a probe that fires when an address is read, written or executed (hardware breakpoints).

import { type AttachSpec, programTypes } from "../../define/attach-spec.ts";
import { probePoint } from "../../define/points.ts";
import type { Capability, ProbeDef, Resolution, ResolveRequest } from "../../define/probe.ts";
import { parseInteger } from "../../syntax/parse-integer.ts";

const capabilities: ReadonlySet<Capability> = new Set(["ctx", "reg", "usermode"]);

const lengths = [1n, 2n, 4n, 8n];

/** Combinations that the machines' debug registers know; x86 can't watch reads alone. */
const modes: Readonly<Record<"x64" | "arm64", readonly string[]>> = { x64: ["rw", "w", "x"], arm64: ["r", "rw", "w", "x"] };

const accessBits: ReadonlyMap<string, number> = new Map([["r", 1], ["w", 2], ["x", 4]]);

function fail(request: ResolveRequest, message: string, hint?: string): Resolution {
  request.diagnostics.error("attach-point", request.text.span, message, { hint });
  return { kind: "invalid" };
}

function resolve(request: ResolveRequest): Resolution {
  const { text, target } = request;
  const [place = "", size = "", mode = ""] = text.parts;
  const address = parseInteger(place);
  if (!("value" in address)) {
    return fail(request, `invalid address: ${place}`, "watching the memory that an argument points to is not supported any more");
  }
  if (address.value === 0n) return fail(request, "watchpoint can't be attached to address 0");
  const length = parseInteger(size);
  if (!("value" in length) || !lengths.includes(length.value)) {
    return fail(request, `invalid length of a watchpoint: ${size}`, "it is 1, 2, 4 or 8 bytes");
  }
  const letters = [...mode].sort().join("");
  if (!modes[target.arch].includes(letters)) {
    return fail(request, `invalid mode of a watchpoint: '${mode}'`, `modes of this machine: ${modes[target.arch].join(", ")}`);
  }
  const access = [...letters].reduce((bits, letter) => bits | (accessBits.get(letter) ?? 0), 0);
  const attach: AttachSpec = { mechanism: "watchpoint", address: address.value, length: Number(length.value), access };
  const point = probePoint({
    provider: "watchpoint",
    probeType: "watchpoint",
    name: text.label ?? `watchpoint:${address.value}:${length.value}:${mode}`,
    span: text.span,
    program: { type: programTypes.perfEvent, expectedAttach: 0 },
    attach,
    context: "registers",
    capabilities,
  });
  return { kind: "points", points: [point] };
}

export const watchpoint: ProbeDef = {
  names: ["watchpoint", "w", "asyncwatchpoint", "aw"],
  probeType: "watchpoint",
  doc: "An access to memory: `r` reads, `w` writes, `x` executions of an address.",
  syntax: ["watchpoint:ADDRESS:LENGTH:MODE"],
  example: "watchpoint:0x10000000:8:rw { print(comm); exit(); }",
  parts: { min: 3, max: 3 },
  listedWith: "none",
  resolve,
  list: () => [],
  listing: () => [],
};
