// Random integer expressions, computed in the kernel, against a model of the language's rules. INTEGER_RUNS=n makes more.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { test } from "node:test";
import { type Choose, ExpressionMaker, integerTypes, type Modelled, typeText, wrap } from "./integer-model.ts";

const command = process.env["BPFTRACE_COMMAND"] ?? resolve("dist/bpftrace.js");
const runs = Number(process.env["INTEGER_RUNS"] ?? 6);
const expressions = 40;

/** A linear congruential generator: the same programs each time. */
function numbers(seed: number): Choose {
  let state = BigInt(seed) * 2_862_933_555_777_941_757n + 3_037_000_493n;
  return (n) => {
    state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n);
    return Number((state >> 33n) % BigInt(n));
  };
}

const edges = [0n, 1n, -1n, 2n, 7n, -8n, 127n, 128n, 255n, -128n, 65_535n, -32_768n, 1n << 31n, -(1n << 31n), 1n << 63n, (1n << 64n) - 1n];

interface RandomProgram {
  readonly text: string;
  readonly results: readonly Modelled[];
}

function randomProgram(seed: number): RandomProgram {
  const choose = numbers(seed);
  const values = Array.from({ length: 16 }, (_, i): Modelled => {
    const type = integerTypes[i % integerTypes.length] ?? { bits: 64, signed: true };
    const raw = choose(2) === 0 ? (edges[choose(edges.length)] ?? 0n) : BigInt(choose(1 << 30)) * BigInt(choose(1 << 30)) - (1n << 50n);
    return { text: i % 5 === 4 ? `@v${i}` : `$v${i}`, type, value: wrap(raw, type), flexible: false };
  });
  const maker = new ExpressionMaker(choose, values);
  const declarations = values.map(({ text, type, value }) => `${text} = (${typeText(type)})${value};`);
  const results: Modelled[] = [];
  const statements: string[] = [];
  for (let i = 0; i < expressions; i++) {
    const made = maker.make(1 + choose(3));
    if (made.flexible) continue;
    const [statement, result] = useOf(made, i, choose);
    statements.push(statement);
    results.push(result);
  }
  const text = `config = { print_maps_on_exit = false } begin { ${[...declarations, ...statements].join(" ")} }`;
  return { text, results };
}

/** A statement that prints an expression: as it is, through a variable, a map, a tuple, or a variable of a fixed type. */
function useOf(made: Modelled, i: number, choose: Choose): readonly [string, Modelled] {
  switch (choose(5)) {
    case 0:
      return [`print(${made.text});`, made];
    case 1:
      return [`$x${i} = ${made.text}; print($x${i});`, made];
    case 2:
      return [`@x${i}[${made.text}] = ${made.text}; print((@x${i}[${made.text}], 1).0);`, made];
    case 3:
      return [`$t${i} = (true, ${made.text}); print($t${i}.1);`, made];
    default: {
      const type = integerTypes[choose(integerTypes.length)] ?? made.type;
      const name = typeText(type);
      const result = { ...made, type, value: wrap(made.value, type) };
      return [`let $y${i}: ${name} = (${name})${made.text}; print($y${i});`, result];
    }
  }
}

function run(program: string): Promise<readonly string[]> {
  return new Promise((done, failed) => {
    const args = [command, "-q", "--no-warnings", "-e", program];
    execFile(process.execPath, args, { encoding: "utf8" }, (error, stdout, stderr) => {
      if (error === null) done(stdout.split("\n").filter((line) => line !== ""));
      else failed(new Error(`${stderr}\n${program}`));
    });
  });
}

for (let seed = 1; seed <= runs; seed++) {
  test(`integers are computed as the rules say, program ${seed}`, async () => {
    const { text, results } = randomProgram(seed);
    const lines = await run(text);
    const got = results.map((result, i) => `${result.text} = ${lines[i] ?? "nothing"}`);
    assert.deepEqual(got, results.map((result) => `${result.text} = ${result.value}`), text);
  });
}
