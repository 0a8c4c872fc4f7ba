// Refusals by the running kernel: bad programs made on purpose, and what is said of them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeInstructions } from "../bpf/encode.ts";
import { type BpfInstruction, framePointer, pseudo } from "../bpf/instruction.ts";
import { SourceFile, span } from "../source/source.ts";
import { createMap, loadProgram } from "../sys/bpf.ts";
import { closeFd } from "../sys/memory.ts";
import { explainRejection } from "./verifier-log.ts";

const move = (register: number, value: number): BpfInstruction => ({
  op: "alu",
  operation: "mov",
  width: 64,
  register,
  source: { kind: "immediate", value },
});
const copy = (register: number, from: number): BpfInstruction => ({
  op: "alu",
  operation: "mov",
  width: 64,
  register,
  source: { kind: "register", register: from },
});
const add = (register: number, value: number): BpfInstruction => ({
  op: "alu",
  operation: "add",
  width: 64,
  register,
  source: { kind: "immediate", value },
});
const load = (register: number, base: number, offset: number): BpfInstruction => ({
  op: "load",
  size: 8,
  signed: false,
  register,
  base,
  offset,
});
const call = (helper: number): BpfInstruction => ({ op: "call", kind: "helper", target: helper, module: 0 });
const exit: BpfInstruction = { op: "exit" };
const storeKey: BpfInstruction = { op: "store", size: 4, base: framePointer, offset: -4, source: { kind: "immediate", value: 0 } };
const rawTracepoint = 17;

/** Looks up an element of a map of eight bytes; r0 is the pointer or null. */
function lookup(map: number): readonly BpfInstruction[] {
  return [
    storeKey,
    copy(2, framePointer),
    add(2, -4),
    { op: "load-immediate", register: 1, pseudo: pseudo.mapFd, value: BigInt(map) },
    call(1),
  ];
}

interface Case {
  readonly name: string;
  code(map: number): readonly BpfInstruction[];
  readonly reason: RegExp;
  /** Index among the instruction words of the refused one. */
  readonly at: number;
}

const cases: readonly Case[] = [
  { name: "a number as address", code: () => [move(1, 5), load(0, 1, 0), exit], reason: /number is used as an address/, at: 1 },
  { name: "an unset register", code: () => [copy(0, 7), exit], reason: /before it is set/, at: 0 },
  { name: "unwritten stack", code: () => [load(0, framePointer, -600), exit], reason: /stack memory/, at: 0 },
  { name: "the context beyond its end", code: () => [load(0, 1, 4096), move(0, 0), exit], reason: /context/, at: 0 },
  { name: "a lookup without null check", code: (map) => [...lookup(map), load(0, 0, 0), exit], reason: /may be null/, at: 6 },
  {
    name: "a value beyond its end",
    code: (map) => [
      ...lookup(map),
      { op: "branch", condition: "eq", width: 64, left: 0, right: { kind: "immediate", value: 0 }, offset: 1 },
      load(0, 0, 8),
      move(0, 0),
      exit,
    ],
    reason: /outside of a value/,
    at: 7,
  },
  { name: "a helper of other program types", code: () => [call(60), move(0, 0), exit], reason: /does not offer bpf_\w+/, at: 0 },
  { name: "a loop without end", code: () => [move(0, 0), { op: "jump", long: false, offset: -1 }, exit], reason: /no end|never reached/, at: 1 },
];

test("refusals of this kernel are told with their place and reason", () => {
  const map = createMap({ name: "hash", type: 1, keySize: 4, valueSize: 8, maxEntries: 1, flags: 0 });
  try {
    for (const { name, code, reason, at } of cases) {
      const instructions = encodeInstructions(code(map));
      const file = new SourceFile("script", "x".repeat(instructions.length / 8));
      const lines = Array.from({ length: instructions.length / 8 }, (_, i) => ({ at: i, span: span(file, i, i + 1) }));
      const result = loadProgram({
        name: "bad",
        type: rawTracepoint,
        expectedAttach: 0,
        code: instructions,
        license: "GPL",
        attachBtfId: 0,
        btfFd: 0,
        functionInfo: new Uint8Array(0),
        lineInfo: new Uint8Array(0),
        kernelVersion: 0,
        logLevel: 1,
        logSize: 65536,
      });
      assert.ok(!result.ok, `${name}: accepted`);
      const complaint = explainRejection(result.log, { lines });
      assert.match(complaint.reason, reason, `${name}: ${result.log}`);
      if (complaint.instruction !== undefined) assert.equal(complaint.span?.start, at, `${name}: ${result.log}`);
      assert.notEqual(complaint.message, "", name);
    }
  } finally {
    closeFd(map);
  }
});

test("an unknown complaint keeps the verifier's words", () => {
  const complaint = explainRejection("0: (b7) r0 = 0\nsomething entirely new\nprocessed 1 insns (limit 1000000)\n", { lines: [] });
  assert.deepEqual([complaint.instruction, complaint.message], [0, "something entirely new"]);
});
