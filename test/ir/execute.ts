// Runs a random module in the IR interpreter, in the bytecode interpreter, and in the kernel; each gives what the program left behind.

import { present } from "../../src/base/invariant.ts";
import type { BytecodeProgram } from "../../src/backend/bytecode.ts";
import { helpers } from "../../src/bpf/helpers.ts";
import { runBytecode } from "../../src/bpf/interpreter.ts";
import type { HelperImplementation } from "../../src/bpf/memory.ts";
import { Memory } from "../../src/bpf/memory.ts";
import { runFunction } from "../../src/ir/interpreter.ts";
import type { IrModule } from "../../src/ir/model.ts";
import * as kernel from "./kernel.ts";
import { outBytes, table } from "./random-module.ts";

/** The returned low half and the bytes of the maps, as text. */
export type Outcome = string;

interface Machine {
  readonly memory: Memory;
  readonly out: Uint8Array;
  readonly table: Uint8Array;
  readonly outAddress: bigint;
  readonly helpers: ReadonlyMap<number, HelperImplementation>;
  readonly context: bigint;
}

const tableHandle = 0x7ab1en;

function newMachine(args: readonly bigint[]): Machine {
  const memory = new Memory();
  const out = new Uint8Array(outBytes);
  const outAddress = memory.map(out);
  const content = new Uint8Array(table.entries * table.valueBytes);
  const tableAddress = memory.map(content);
  const context = memory.allocate(args.length * 8);
  for (const [index, value] of args.entries()) memory.write(context + BigInt(index * 8), 8, value);
  const implementations = new Map<number, HelperImplementation>([
    [
      helpers.probeReadKernel.id,
      (inner, [to, size]) => {
        inner.bytes(present(to, "destination"), Number(size)).fill(0);
        return -14n;
      },
    ],
    [
      helpers.mapLookupElem.id,
      (inner, [, key]) => {
        const index = inner.read(present(key, "key"), 4);
        return index < BigInt(table.entries) ? tableAddress + index * BigInt(table.valueBytes) : 0n;
      },
    ],
  ]);
  return { memory, out, table: content, outAddress, helpers: implementations, context };
}

function outcome(result: bigint, out: Uint8Array, content: Uint8Array): Outcome {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  return `${BigInt.asUintN(32, result)} ${hex(out)} ${hex(content)}`;
}

export function runIr(module: IrModule, args: readonly bigint[]): Outcome {
  const machine = newMachine(args);
  const symbols = new Map([
    ["map table", tableHandle],
    ["map-value out", machine.outAddress],
  ]);
  const result = runFunction(present(module.functions[0], "entry"), {
    memory: machine.memory,
    helpers: machine.helpers,
    symbols,
    arguments: [machine.context],
    functions: module.functions,
    limit: 100_000,
  });
  return outcome(result, machine.out, machine.table);
}

export function runProgram(program: BytecodeProgram, args: readonly bigint[]): Outcome {
  const machine = newMachine(args);
  const constants = new Map<number, bigint>();
  for (const { at, kind, offset } of program.relocations) {
    constants.set(at, kind === "map-value" ? machine.outAddress + BigInt(offset) : tableHandle);
  }
  const result = runBytecode(program.code, {
    memory: machine.memory,
    helpers: machine.helpers,
    constants,
    arguments: [machine.context],
    limit: 1_000_000,
  });
  return outcome(result, machine.out, machine.table);
}

/** Maps in the kernel that the random programs use, and the runs. */
export class KernelRunner {
  private readonly out: number;
  private readonly table: number;

  constructor() {
    this.out = kernel.createArray(outBytes, 1);
    this.table = kernel.createArray(table.valueBytes, table.entries);
  }

  run(program: BytecodeProgram, argumentLists: readonly (readonly bigint[])[]): Outcome[] {
    const maps = new Map([
      ["out", this.out],
      ["table", this.table],
    ]);
    const fd = kernel.load(program, maps);
    try {
      return argumentLists.map((args) => this.once(fd, args));
    } finally {
      kernel.close(fd);
    }
  }

  close(): void {
    kernel.close(this.out);
    kernel.close(this.table);
  }

  private once(fd: number, args: readonly bigint[]): Outcome {
    kernel.writeEntry(this.out, 0, new Uint8Array(outBytes));
    for (let index = 0; index < table.entries; index += 1) {
      kernel.writeEntry(this.table, index, new Uint8Array(table.valueBytes));
    }
    const result = kernel.run(fd, args);
    const entries = Array.from({ length: table.entries }, (_, index) => kernel.readEntry(this.table, index, table.valueBytes));
    return outcome(BigInt(result), kernel.readEntry(this.out, 0, outBytes), Buffer.concat(entries));
  }
}
