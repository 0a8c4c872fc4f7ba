// Common subexpressions: an operation that a dominating block, or an earlier place of this one, has computed already is not repeated.
// Needs: blocks in reverse postorder. Guarantees: no two pure operations with equal operands where one dominates the other; calls of pure helpers
// and casts count as such. Loads are the business of forward-memory.ts.

import { present } from "../../base/invariant.ts";
import { helperById, readOnlyCast } from "../../bpf/helpers.ts";
import { isCommutative } from "../evaluate.ts";
import { Dominators, resultOf } from "../graph.ts";
import type { Block, Instruction, IrFunction, Value } from "../model.ts";
import { mapOperands, mapTerminator, Replacements } from "../rewrite.ts";

export function eliminateCommonSubexpressions(fn: IrFunction): void {
  const order = fn.blocks;
  const replacements = new Replacements(fn);
  const known = new Known(fn.nextValue);
  new Dominators(order).walk(
    (at) => {
      known.enter();
      visit(present(order[at], "block"), known, replacements);
    },
    () => known.leave(),
  );
  // Block arguments may name values that were replaced after their block was visited.
  for (const block of order) {
    block.terminator = mapTerminator(present(block.terminator, "terminator"), replacements.find);
  }
}

function visit(block: Block, known: Known, replacements: Replacements): void {
  const { instructions } = block;
  let kept = 0;
  for (let index = 0; index < instructions.length; index += 1) {
    const instruction = mapOperands(present(instructions[index], "instruction"), replacements.find);
    const result = resultOf(instruction);
    const same = result === undefined ? undefined : known.findOrAdd(instruction, result);
    if (result !== undefined && same !== undefined) {
      replacements.set(result, same);
      continue;
    }
    instructions[kept] = instruction;
    kept += 1;
  }
  instructions.length = kept;
}

type Key = number | bigint | string;

/** The values computed so far in the blocks from the entry to the current one, by what computes them: the kind of operation, then its operands. */
class Known {
  private readonly width: number;
  private readonly tables = new Map<string, Map<Key, Value>>();
  /** What was added, with a mark (undefined) at the start of each block. */
  private readonly added: ({ readonly table: Map<Key, Value>; readonly key: Key } | undefined)[] = [];

  /** `values`: ids are below it, so two of them make one number. */
  constructor(values: number) {
    this.width = values;
  }

  enter(): void {
    this.added.push(undefined);
  }

  leave(): void {
    for (let entry = this.added.pop(); entry !== undefined; entry = this.added.pop()) entry.table.delete(entry.key);
  }

  /** The value that the operation has been computed to, if any; else it is computed to `result` from now on. */
  findOrAdd(i: Instruction, result: Value): Value | undefined {
    const kind = kindOf(i);
    const key = kind === undefined ? undefined : this.keyOf(i);
    if (kind === undefined || key === undefined) return undefined;
    const table = this.table(result.type === "int" ? kind : `${kind} ${result.type}`);
    const same = table.get(key);
    if (same !== undefined) return same;
    table.set(key, result);
    this.added.push({ table, key });
    return undefined;
  }

  private table(name: string): Map<Key, Value> {
    const known = this.tables.get(name);
    if (known !== undefined) return known;
    const made = new Map<Key, Value>();
    this.tables.set(name, made);
    return made;
  }

  private keyOf(i: Instruction): Key | undefined {
    switch (i.op) {
      case "const":
        return i.value;
      case "link-constant":
      case "function":
        return i.name;
      case "slot-address":
        return i.slot.id;
      case "map":
        return i.map;
      case "map-value":
        return `${i.offset} ${i.map}`;
      case "binary": {
        const swap = isCommutative(i.operation) && i.left.id > i.right.id;
        return swap ? this.pair(i.right, i.left) : this.pair(i.left, i.right);
      }
      case "compare":
        return this.pair(i.left, i.right);
      case "extend":
      case "byte-swap":
        return i.operand.id;
      case "clamp":
        return `${i.maximum} ${i.operand.id}`;
      case "call":
      case "call-kfunc":
        return i.arguments.map(({ id }) => id).join(" ");
      default:
        return undefined;
    }
  }

  private pair(first: Value, second: Value): number {
    return first.id * this.width + second.id;
  }
}

/** The kind of operation; undefined for what must not be merged. */
function kindOf(i: Instruction): string | undefined {
  switch (i.op) {
    case "const":
    case "link-constant":
    case "function":
    case "slot-address":
    case "map":
    case "map-value":
    case "clamp":
      return i.op;
    case "binary":
      return i.operation;
    case "compare":
      return `compare ${i.comparison}`;
    case "extend":
      return `extend ${i.signed} ${i.bits}`;
    case "byte-swap":
      return `byte-swap ${i.bits}`;
    case "call-kfunc":
      return i.name === readOnlyCast ? i.name : undefined;
    case "call":
      return helperById(i.helper)?.pure === true ? `call ${i.helper}` : undefined;
    default:
      return undefined;
  }
}
