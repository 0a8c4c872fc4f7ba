// Joins the emitted blocks and functions of a program: drops empty blocks, lets blocks fall through, and settles all jump offsets.

import { invariant, present } from "../base/invariant.ts";
import { encodeInstructions } from "../bpf/encode.ts";
import type { BpfInstruction, JumpCondition } from "../bpf/instruction.ts";
import { wordsOf } from "../bpf/instruction.ts";
import type { Span } from "../source/source.ts";
import type { BytecodeProgram, Relocation } from "./bytecode.ts";
import type { EmittedBlock, EmittedFunction, Ending, Item } from "./emitted.ts";

const inverted: Readonly<Record<Exclude<JumpCondition, "set">, JumpCondition>> = {
  eq: "ne",
  ne: "eq",
  gt: "le",
  le: "gt",
  ge: "lt",
  lt: "ge",
  sgt: "sle",
  sle: "sgt",
  sge: "slt",
  slt: "sge",
};

type Branch = BpfInstruction & { readonly op: "branch" };

/** A jump at the end of a block. */
interface Exit {
  /** Undefined for an unconditional jump. */
  readonly branch: Branch | undefined;
  target: PlacedBlock;
  readonly span: Span | undefined;
  /** The target is out of reach of 16 bits. */
  far: boolean;
}

interface PlacedBlock {
  readonly items: readonly Item[];
  readonly words: number;
  exits: Exit[];
  start: number;
}

export function linkProgram(functions: readonly EmittedFunction[], options: { readonly longJumps: boolean }): BytecodeProgram {
  const placed = functions.map((fn) => ({ fn, blocks: placeBlocks(fn) }));
  const starts = new Map<string, number>();
  let start = 0;
  for (const { fn, blocks } of placed) {
    starts.set(fn.name, start);
    start = settleJumps(blocks, start, options.longJumps);
  }
  const output = new Output(starts);
  for (const { fn, blocks } of placed) {
    output.beginFunction(fn);
    for (const block of blocks) output.block(block);
  }
  return output.finish();
}

// ---- layout --------------------------------------------------------------------------------------------------

function placeBlocks(fn: EmittedFunction): PlacedBlock[] {
  const target = threadJumps(fn.blocks);
  /** By block index; undefined for blocks that are skipped. */
  const placed: (PlacedBlock | undefined)[] = [];
  const kept: PlacedBlock[] = [];
  const endings: Ending[] = [];
  for (let index = 0; index < fn.blocks.length; index += 1) {
    const { items, ending } = present(fn.blocks[index], "block");
    if (index > 0 && target(index) !== index) {
      placed.push(undefined);
      continue;
    }
    let words = 0;
    for (let at = 0; at < items.length; at += 1) words += wordsOf(present(items[at], "item").instruction);
    const block: PlacedBlock = { items, words, exits: [], start: 0 };
    placed.push(block);
    kept.push(block);
    endings.push(ending);
  }
  const at = (index: number): PlacedBlock => present(placed[target(index)], "placed block");
  for (let position = 0; position < kept.length; position += 1) {
    const ending = present(endings[position], "ending");
    present(kept[position], "placed block").exits = exitsOf(ending, at, kept[position + 1]);
  }
  return kept;
}

/** Where a jump to a block ends up when blocks that only jump on are skipped. */
function threadJumps(blocks: readonly EmittedBlock[]): (index: number) => number {
  const known = new Int32Array(blocks.length).fill(-1);
  return (index) => {
    const path: number[] = [];
    let at = index;
    for (;;) {
      const done = known[at] ?? -1;
      if (done >= 0) {
        at = done;
        break;
      }
      const block = present(blocks[at], "block");
      if (block.items.length > 0 || block.ending.kind !== "jump") break;
      // For the time being, so that an empty endless loop ends where it is met again.
      known[at] = at;
      path.push(at);
      at = block.ending.target;
    }
    for (const step of path) known[step] = at;
    return at;
  };
}

function exitsOf(ending: Ending, at: (index: number) => PlacedBlock, next: PlacedBlock | undefined): Exit[] {
  switch (ending.kind) {
    case "exit":
      return [];
    case "jump": {
      const target = at(ending.target);
      return target === next ? [] : [{ branch: undefined, target, span: ending.span, far: false }];
    }
    case "branch": {
      const then = at(ending.then);
      const otherwise = at(ending.else);
      const { span } = ending;
      if (then === otherwise) return then === next ? [] : [{ branch: undefined, target: then, span, far: false }];
      const test = (condition: JumpCondition, target: PlacedBlock): Exit => {
        const { width, left, right } = ending;
        return { branch: { op: "branch", condition, width, left, right, offset: 0 }, target, span, far: false };
      };
      if (then === next) return [test(invert(ending.condition), otherwise)];
      if (otherwise === next) return [test(ending.condition, then)];
      return [test(ending.condition, then), { branch: undefined, target: otherwise, span, far: false }];
    }
  }
}

function invert(condition: JumpCondition): JumpCondition {
  invariant(condition !== "set", "bit tests are not inverted");
  return inverted[condition];
}

// ---- offsets -------------------------------------------------------------------------------------------------

/** Words that a 16-bit offset surely reaches while the code may still grow a little. */
const reach = 0x7f00;

function exitWords(exit: Exit): number {
  return exit.far && exit.branch !== undefined ? 2 : 1;
}

function wordsOfBlock(block: PlacedBlock): number {
  let words = block.words;
  for (const exit of block.exits) words += exitWords(exit);
  return words;
}

function place(blocks: readonly PlacedBlock[], start: number): number {
  let at = start;
  for (const block of blocks) {
    block.start = at;
    at += wordsOfBlock(block);
  }
  return at;
}

/**
 * Gives the blocks of a function their places, from word `start` on; returns the word after the last. Jumps beyond 16 bits become long
 * ones where the machine has those, else they hop over islands: blocks in between that only jump on.
 */
function settleJumps(blocks: PlacedBlock[], start: number, longJumps: boolean): number {
  for (;;) {
    const end = place(blocks, start);
    if (end - start < reach) return end;
    const far = blocks.flatMap((block) => {
      const distant = block.exits.filter((exit) => !exit.far && Math.abs(exit.target.start - block.start - block.words) > reach);
      return distant.map((exit) => ({ block, exit }));
    });
    if (far.length === 0) return end;
    if (longJumps) for (const { exit } of far) exit.far = true;
    else addIslands(blocks, far);
  }
}

function addIslands(blocks: PlacedBlock[], far: readonly { readonly block: PlacedBlock; readonly exit: Exit }[]): void {
  const islands = new Map<string, PlacedBlock>();
  const positions = new Map<PlacedBlock, PlacedBlock[]>();
  for (const { block, exit } of far) {
    const from = block.start + block.words;
    const wanted = exit.target.start > from ? from + reach / 2 : from - reach / 2;
    const after = present(blocks[lastStartingBefore(blocks, wanted)], "block");
    invariant(Math.abs(after.start + wordsOfBlock(after) - from) < reach, "a block of 16,000 instructions leaves no room for islands");
    const key = `${after.start} ${exit.target.start}`;
    let island = islands.get(key);
    if (island === undefined) {
      const onward: Exit = { branch: undefined, target: exit.target, span: exit.span, far: false };
      island = { items: [], words: 0, exits: [onward], start: 0 };
      islands.set(key, island);
      positions.set(after, [...(positions.get(after) ?? []), island]);
    }
    exit.target = island;
  }
  const result = blocks.flatMap((block, index) => {
    const added = positions.get(block);
    if (added === undefined) return [block];
    const next = blocks[index + 1];
    if (fallsThrough(block) && next !== undefined) {
      block.exits.push({ branch: undefined, target: next, span: undefined, far: false });
    }
    return [block, ...added];
  });
  // Not as arguments of one call: there may be more of them than the stack holds.
  blocks.length = 0;
  for (const block of result) blocks.push(block);
}

function lastStartingBefore(blocks: readonly PlacedBlock[], word: number): number {
  let low = 0;
  let high = blocks.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((blocks[middle]?.start ?? 0) <= word) low = middle;
    else high = middle - 1;
  }
  return low;
}

function fallsThrough(block: PlacedBlock): boolean {
  const last = block.exits.at(-1);
  if (last !== undefined) return last.branch !== undefined;
  return block.items.at(-1)?.instruction.op !== "exit";
}

// ---- output --------------------------------------------------------------------------------------------------

function firstSpan(blocks: readonly EmittedBlock[]): Span | undefined {
  for (const { items } of blocks) for (const { span } of items) if (span !== undefined) return span;
  return undefined;
}

class Output {
  private readonly starts: ReadonlyMap<string, number>;
  private readonly instructions: BpfInstruction[] = [];
  private readonly relocations: Relocation[] = [];
  private readonly lines: { at: number; span: Span }[] = [];
  private readonly functions: BytecodeProgram["functions"][number][] = [];
  private readonly stackBytes: number[] = [];
  private at = 0;
  private lastSpan: Span | undefined;

  constructor(starts: ReadonlyMap<string, number>) {
    this.starts = starts;
  }

  beginFunction(fn: EmittedFunction): void {
    const { name, parameters, global } = fn;
    this.functions.push({ name, start: this.at, parameters, global });
    this.stackBytes.push(fn.stackBytes);
    this.lastSpan = undefined;
    // The kernel wants a line for the first instruction of every function.
    this.line(firstSpan(fn.blocks));
  }

  block(block: PlacedBlock): void {
    for (const item of block.items) this.item(item);
    for (const exit of block.exits) this.exit(exit);
  }

  finish(): BytecodeProgram {
    const { relocations, functions, lines, stackBytes } = this;
    return { code: encodeInstructions(this.instructions), relocations, functions, lines, stackBytes };
  }

  private item(item: Item): void {
    this.line(item.span);
    if (item.relocation !== undefined) this.relocations.push({ at: this.at, ...item.relocation });
    let { instruction } = item;
    if (item.functionName !== undefined) {
      const distance = present(this.starts.get(item.functionName), `function ${item.functionName}`) - this.at - 1;
      if (instruction.op === "load-immediate") instruction = { ...instruction, value: BigInt.asUintN(32, BigInt(distance)) };
      if (instruction.op === "call") instruction = { ...instruction, target: distance };
    }
    this.push(instruction);
  }

  private exit(exit: Exit): void {
    this.line(exit.span);
    const { branch, target } = exit;
    if (branch === undefined) {
      this.push({ op: "jump", long: exit.far, offset: target.start - this.at - 1 });
    } else if (exit.far) {
      this.push({ ...branch, condition: invert(branch.condition), offset: 1 });
      this.push({ op: "jump", long: true, offset: target.start - this.at - 1 });
    } else {
      this.push({ ...branch, offset: target.start - this.at - 1 });
    }
  }

  private line(span: Span | undefined): void {
    if (span === undefined || span === this.lastSpan) return;
    const last = this.lines.at(-1);
    if (last?.at === this.at) this.lines.pop();
    this.lines.push({ at: this.at, span });
    this.lastSpan = span;
  }

  private push(instruction: BpfInstruction): void {
    this.instructions.push(instruction);
    this.at += wordsOf(instruction);
  }
}
