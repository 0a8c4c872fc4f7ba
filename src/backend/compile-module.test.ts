// What the backend makes of small modules, and that large ones still run.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { disassemble } from "../bpf/disassemble.ts";
import { runBytecode } from "../bpf/interpreter.ts";
import { Memory } from "../bpf/memory.ts";
import { IrBuilder } from "../ir/builder.ts";
import { parseModule } from "../ir/parse.ts";
import { SourceFile, span } from "../source/source.ts";
import type { BackendTarget, BytecodeProgram } from "./bytecode.ts";
import { StackLimitError } from "./bytecode.ts";
import { compileModule } from "./compile-module.ts";

const target: BackendTarget = { signedDivision: true };

function compile(text: string): BytecodeProgram {
  return compileModule(parseModule(`function "main"(v0: ctx)\n${text}`), target);
}

/** Disassembly without positions and codes. */
function textOf(program: BytecodeProgram): string[] {
  return disassemble(program.code)
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/^ *\d+: \(..\) /, ""));
}

function runOn(program: BytecodeProgram, args: readonly bigint[], helpers: ReadonlyMap<number, () => bigint> = new Map()): bigint {
  const memory = new Memory();
  const context = memory.allocate(args.length * 8);
  for (const [index, value] of args.entries()) memory.write(context + BigInt(index * 8), 8, value);
  return runBytecode(program.code, { memory, helpers, constants: new Map(), arguments: [context], limit: 10_000_000 });
}

describe("compileModule", () => {
  it("counts in place: one lookup, one addition, and the slow path beside it", () => {
    const program = compile(`slot s0 8 align 8
slot s1 8 align 8
b0:
  v1 = load 8 v0 + 16
  v2: stack = slot-address s0
  store 8 v2 + 0, v1
  v3: map = map "@x"
  v4: memory-or-null = call map_lookup_elem#1(v3, v2)
  v5 = const 0
  v6 = const 1
  branch ne v4, v5, b1, b2
b1:
  v7 = load 8 v4 + 0
  v8 = add v7, v6
  store 8 v4 + 0, v8
  jump b3
b2:
  v9: stack = slot-address s1
  store 8 v9 + 0, v6
  v10 = call map_update_elem#2(v3, v2, v9, v5)
  jump b3
b3:
  return v5
`);
    assert.deepEqual(textOf(program), [
      "r0 = *(u64 *)(r1 +16)",
      "*(u64 *)(r10 -8) = r0",
      "r1 = map[fd:0]",
      "r2 = r10",
      "r2 += -8",
      "call bpf_map_lookup_elem#1",
      "if r0 == 0x0 goto pc+4",
      "r5 = *(u64 *)(r0 +0)",
      "r5 += 1",
      "*(u64 *)(r0 +0) = r5",
      "goto pc+9",
      "*(u64 *)(r10 -16) = 1",
      "r1 = map[fd:0]",
      "r2 = r10",
      "r2 += -8",
      "r3 = r10",
      "r3 += -16",
      "r4 = 0",
      "call bpf_map_update_elem#2",
      "r0 = 0",
      "exit",
    ]);
    assert.deepEqual(program.relocations, [
      { at: 2, kind: "map", name: "@x", offset: 0 },
      { at: 13, kind: "map", name: "@x", offset: 0 },
    ]);
    assert.deepEqual(program.functions, [{ name: "main", start: 0, parameters: 1, global: true }]);
    assert.deepEqual(program.stackBytes, [16]);
  });

  it("keeps values across calls in r6-r9 and loads the context through an unmodified pointer", () => {
    const program = compile(`b0:
  v1 = call ktime_get_ns#5()
  v2 = load 8 v0 + 8
  v3 = call ktime_get_ns#5()
  v4 = add v3, v2
  return v4
`);
    assert.deepEqual(textOf(program), [
      "r6 = r1",
      "call bpf_ktime_get_ns#5",
      "r6 = *(u64 *)(r6 +8)",
      "call bpf_ktime_get_ns#5",
      "r0 += r6",
      "exit",
    ]);
  });

  it("bounds a clamped value in the register that its users read", () => {
    const program = compile(`b0:
  v1 = load 8 v0 + 0
  v2 = clamp v1, 63
  v3: memory = map-value "m" + 0
  v4: memory = add v3, v2
  v5 = load 1 v4 + 0
  return v5
`);
    const text = textOf(program);
    const at = text.findIndex((line) => line.startsWith("if r"));
    const [, register] = /^if (r\d) <= 0x3f goto pc\+1$/.exec(text[at] ?? "") ?? [];
    assert.ok(register !== undefined, text.join("\n"));
    assert.equal(text[at + 1], `${register} = 63`);
    assert.ok(text.some((line) => line.endsWith(`+= ${register}`)));
  });

  it("lets slots with disjoint lifetimes share space, but not across a loop that needs both", () => {
    const use = (slot: number, value: number): string =>
      `  v${value}: stack = slot-address s${slot}\n  store 8 v${value} + 0, v1\n  v${value + 1} = call map_delete_elem#3(v2, v${value})\n`;
    const slots = "slot s0 64 align 8\nslot s1 64 align 8\n";
    const begin = 'b0:\n  v1 = load 8 v0 + 0\n  v2: map = map "m"\n';
    assert.deepEqual(compile(`${slots}${begin}${use(0, 10)}${use(1, 20)}  return v1\n`).stackBytes, [64]);
    const carried = `${slots}${begin}${use(0, 10)}  jump b1\nb1:\n${use(1, 20)}  v30 = load 8 v10 + 8\n  branch eq v30, v1, b1, b2\nb2:\n  return v1\n`;
    assert.deepEqual(compile(carried).stackBytes, [128]);
  });

  it("refuses what needs more stack than there is, naming the function and the bytes", () => {
    const text = 'slot s0 520 align 8\nb0:\n  v1: stack = slot-address s0\n  v2: map = map "m"\n  v3 = call map_delete_elem#3(v2, v1)\n  return v3\n';
    assert.throws(
      () => compile(text),
      (error) => error instanceof StackLimitError && error.function === "main" && error.bytes === 520,
    );
  });

  it("adds up the frames of a program and its callback", () => {
    const frame = (name: string, body: string): string =>
      `function "${name}"(v0: ctx)\nslot s0 264 align 8\nb0:\n  v1: stack = slot-address s0\n  v2: map = map "m"\n  v3 = call map_delete_elem#3(v2, v1)\n${body}  return v3\n`;
    const call = '  v4: function = function "callback"\n  v5 = const 3\n  v6 = const 0\n  v7 = call loop#181(v5, v4, v1, v6)\n';
    const module = parseModule(`${frame("main", call)}${frame("callback", "")}`);
    assert.throws(
      () => compileModule(module, target),
      (error) => error instanceof StackLimitError && error.bytes === 576,
    );
  });

  it("refers to a callback by its distance", () => {
    const program = compileModule(
      parseModule(
        'function "main"(v0: ctx)\nb0:\n  v1 = const 3\n  v2: function = function "callback"\n  v3 = const 0\n  v4 = call loop#181(v1, v2, v3, v3)\n  return v3\nfunction "callback"(v0: int, v1: int)\nb0:\n  return v1\n',
      ),
      target,
    );
    const [, callback] = program.functions;
    assert.deepEqual(callback, { name: "callback", start: 8, parameters: 2, global: false });
    assert.ok(textOf(program).includes("r2 = func[+6]"), textOf(program).join("\n"));
    assert.equal(textOf(program).at(-2), "r0 = r2");
  });

  it("gives every function's first instruction a line", () => {
    const file = new SourceFile("stdin", "0123456789");
    const b = new IrBuilder("main", ["ctx"]);
    const first = b.load(8, b.parameter(0), 0);
    b.at(span(file, 2, 4));
    const second = b.load(8, b.parameter(0), 8);
    b.return(b.binary("add", first, second));
    const { lines } = compileModule({ functions: [b.function] }, target);
    assert.deepEqual(
      lines.map(({ at, span: place }) => [at, place.start]),
      [[0, 2]],
    );
  });

  for (const options of [{ longJumps: true }, { longJumps: false }]) {
    it(`jumps over 100,000 instructions ${options.longJumps ? "with long jumps" : "by way of islands"}`, () => {
      const b = new IrBuilder("main", ["ctx"]);
      const x = b.load(8, b.parameter(0), 0);
      const sum = b.variable();
      const round = b.variable();
      b.write(sum, b.const(0));
      b.write(round, b.const(0));
      const [loop, body, exit] = [b.newBlock(), b.newBlock(), b.newBlock()];
      b.jump(loop);
      b.start(loop);
      b.branch("ult", b.read(round), b.const(2), body, exit);
      b.startSealed(body);
      for (let index = 0; index < 25_000; index += 1) {
        const [then, after] = [b.newBlock(), b.newBlock()];
        b.branch("ult", x, b.const(index), then, after);
        b.startSealed(then);
        b.write(sum, b.binary("add", b.read(sum), b.const(1)));
        b.jump(after);
        b.startSealed(after);
        b.write(sum, b.binary("xor", b.read(sum), b.const(1)));
        b.write(sum, b.binary("add", b.read(sum), b.const(2)));
      }
      b.write(round, b.binary("add", b.read(round), b.const(1)));
      b.jump(loop);
      b.seal(loop);
      b.startSealed(exit);
      b.return(b.read(sum));
      const program = compileModule({ functions: [b.function] }, { ...target, ...options });
      let expected = 0n;
      for (let count = 0; count < 2; count += 1) {
        for (let index = 0n; index < 25_000n; index += 1n) {
          if (24_000n < index) expected += 1n;
          expected = (expected ^ 1n) + 2n;
        }
      }
      assert.ok(program.code.length / 8 > 90_000);
      assert.equal(runOn(program, [24_000n]), expected);
    });
  }

  it("calls functions of the module and leaves out those that nothing calls", () => {
    const functions = `function "unused"(v0: int)
b0:
  return v0

function "double"(v0: int)
b0:
  v1 = add v0, v0
  return v1
`;
    const program = compile(`b0:
  v1 = load 8 v0 + 0
  v2 = call-function "double"(v1)
  v3 = add v2, v1
  return v3

${functions}`);
    assert.deepEqual(program.functions, [
      { name: "main", start: 0, parameters: 1, global: true },
      { name: "double", start: 5, parameters: 1, global: true },
    ]);
    assert.equal(runOn(program, [7n]), 21n);
  });

  const narrow = [
    { what: "a sign-extended word with a constant", text: "extend s32", test: "slt", expected: "if w0 s>= 0x64 goto" },
    { what: "a word whose upper half was cleared", text: "extend u32", test: "slt", expected: "if r0 s>= 0x64 goto" },
  ];
  for (const { what, text, test, expected } of narrow) {
    it(`compares ${what} in the right width`, () => {
      const program = compile(`b0:
  v1 = load 8 v0 + 0
  v2 = ${text} v1
  v3 = const 100
  branch ${test} v2, v3, b1, b2
b1:
  v4 = const 1
  return v4
b2:
  v5 = const 0
  return v5
`);
      assert.ok(textOf(program).some((line) => line.includes(expected)), textOf(program).join("\n"));
      const negative = 0x7_ffff_ffffn;
      assert.equal(runOn(program, [negative]), text === "extend s32" ? 1n : 0n);
      assert.equal(runOn(program, [0x1_0000_0000n]), 1n);
      assert.equal(runOn(program, [0x1_0000_0064n]), 0n);
    });
  }

  it("moves spilled block arguments in a circle", () => {
    const count = 14;
    const b = new IrBuilder("main", ["ctx"]);
    const variables = Array.from({ length: count }, () => b.variable());
    const round = b.variable();
    for (const [index, variable] of variables.entries()) b.write(variable, b.load(8, b.parameter(0), index * 8));
    b.write(round, b.const(0));
    const [loop, body, exit] = [b.newBlock(), b.newBlock(), b.newBlock()];
    b.jump(loop);
    b.start(loop);
    b.branch("ult", b.read(round), b.const(3), body, exit);
    b.startSealed(body);
    const values = variables.map((variable) => b.read(variable));
    b.call(5, []);
    for (const [index, variable] of variables.entries()) b.write(variable, values[(index + 1) % count] ?? b.const(0));
    b.write(round, b.binary("add", b.read(round), b.const(1)));
    b.jump(loop);
    b.seal(loop);
    b.startSealed(exit);
    let hash = b.const(0);
    for (const variable of variables) hash = b.binary("add", b.binary("mul", hash, b.const(10)), b.read(variable));
    b.return(hash);
    const program = compileModule({ functions: [b.function] }, target);
    const numbers = Array.from({ length: count }, (_, index) => BigInt(index % 10));
    const rotated = [...numbers.slice(3), ...numbers.slice(0, 3)];
    assert.equal(runOn(program, numbers, new Map([[5, () => 0n]])), BigInt(rotated.join("")));
  });
});
