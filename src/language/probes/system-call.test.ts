// Which tracepoints share a raw tracepoint, and where their arguments then are.

import assert from "node:assert/strict";
import { test } from "node:test";
import { programTypes } from "../../define/attach-spec.ts";
import { probePoint } from "../../define/points.ts";
import type { ArgumentsLayout, ProbePoint } from "../../define/probe.ts";
import type { Target } from "../../define/target.ts";
import { SourceFile, span } from "../../source/source.ts";
import { int32, uint64 } from "../../types/type.ts";
import { thisMachine } from "../../library/compile.ts";
import { sharePoints } from "./system-call.ts";

const machine = thisMachine([]);

/** This machine with the parts that matter replaced. */
function target(parts: { readonly arch: "x64" | "arm64"; readonly typed: boolean; readonly recent: boolean }): Target {
  const host = machine.target;
  const types = host.kernelTypes;
  const kernelTypes = parts.typed && types !== undefined ? { ...types, traceParameters: () => [] } : undefined;
  return { ...host, arch: parts.arch, kernelTypes, has: () => parts.recent };
}

const able = { arch: "x64", typed: true, recent: true } as const;

const layout: ArgumentsLayout = {
  fields: [
    { name: "__syscall_nr", type: int32, source: { from: "record", offset: 8, size: 4 } },
    ...["a", "b", "c", "d"].map((name, i) => ({ name, type: uint64, source: { from: "record", offset: 16 + 8 * i, size: 8 } as const })),
  ],
  forbidden: new Map(),
  wholeIsValue: false,
};

const place = span(new SourceFile("script", ""), 0, 0);

function point(event: string, own: ArgumentsLayout): ProbePoint {
  return probePoint({
    provider: "tracepoint",
    probeType: "tracepoint",
    name: `tracepoint:syscalls:${event}`,
    span: place,
    program: { type: programTypes.tracepoint, expectedAttach: 0 },
    attach: { mechanism: "tracepoint", category: "syscalls", event },
    context: "record",
    returns: 1,
    arguments: () => own,
  });
}

const names = ["read", "write", "openat", "close", "mmap", "munmap", "brk", "ioctl", "dup", "execve", "no_such_call"];

function share(machine: Target, phase: string, count: number, own = layout): readonly ProbePoint[] {
  const events = names.slice(0, count).map((name) => `sys_${phase}_${name}`);
  return sharePoints(machine, events.map((event) => point(event, own)));
}

const mechanisms = (points: readonly ProbePoint[]) => new Set(points.map((p) => p.attach.mechanism));

test("many calls share, a few and unknown ones do not", () => {
  assert.deepEqual(mechanisms(share(target(able), "enter", 8)), new Set(["tracepoint"]));
  const many = share(target(able), "enter", 11);
  assert.deepEqual(many.map((p) => p.attach.mechanism), [...Array.from({ length: 10 }, () => "system-call"), "tracepoint"]);
  const [read] = many;
  assert.deepEqual(read?.attach, { mechanism: "system-call", phase: "enter", number: 0 });
  assert.equal(read?.name, "tracepoint:syscalls:sys_enter_read");
  assert.equal(read?.returns, 0);
});

test("nothing is shared where the kernel can't, or where a record has more than arguments", () => {
  assert.deepEqual(mechanisms(share(target({ ...able, typed: false }), "enter", 10)), new Set(["tracepoint"]));
  assert.deepEqual(mechanisms(share(target({ ...able, recent: false }), "enter", 10)), new Set(["tracepoint"]));
  const located: ArgumentsLayout = {
    ...layout,
    fields: [...layout.fields, { name: "text", type: uint64, source: { from: "data-loc", offset: 48, relative: false } }],
  };
  assert.deepEqual(mechanisms(share(target(able), "enter", 10, located)), new Set(["tracepoint"]));
});

test("arguments are in the registers of the caller, the result beside them", () => {
  const sources = (machine: Target, phase: string, own = layout) => {
    const found = share(machine, phase, 10, own)[0]?.arguments();
    assert.ok(typeof found === "object");
    return found.fields.map(({ source }) => source);
  };
  const register = (offset: number) => ({ from: "saved-register", offset, size: 8 });
  const first = { from: "word", index: 1 };
  // struct pt_regs: di 112, si 104, dx 96, r10 56, orig_ax 120; arm64: x0 ... at 0, syscallno at 280.
  assert.deepEqual(sources(target(able), "enter"), [first, register(112), register(104), register(96), register(56)]);
  assert.deepEqual(sources(target({ ...able, arch: "arm64" }), "enter"), [first, register(0), register(8), register(16), register(24)]);
  const result = { ...layout, fields: layout.fields.slice(0, 2) };
  assert.deepEqual(sources(target(able), "exit", result), [register(120), first]);
  assert.deepEqual(sources(target({ ...able, arch: "arm64" }), "exit", result), [{ from: "saved-register", offset: 280, size: 4 }, first]);
});
