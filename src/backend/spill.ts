// Moves virtual registers to memory: stored after their definition, loaded where an instruction needs them in a register. What can be
// computed anew (constants, addresses) is computed at each use instead.

import type { Liveness, Ranges } from "./liveness.ts";
import { mergedRanges } from "./liveness.ts";
import type { Destination, MachineFunction, MachineInstruction, Source } from "./machine.ts";
import { firstVirtual, isAnywhereOperand } from "./machine.ts";

export interface SpillState {
  /** Number of the next free spill. */
  readonly first: number;
  /** The short-lived registers of reloads, which must not be spilled again. */
  readonly pinned: Set<number>;
  readonly liveness: Liveness;
}

/** Rewrites the code; returns the number of the next free spill. */
export function spillRegisters(fn: MachineFunction, registers: ReadonlySet<number>, state: SpillState): number {
  const { homes, next } = findHomes(fn, registers, state);
  moveParameters(fn.parameters, homes);
  for (const block of fn.blocks) {
    moveParameters(block.parameters, homes);
    const output: MachineInstruction[] = [];
    for (const instruction of block.instructions) {
      rewriteOperands(fn, instruction, homes, state.pinned, output);
      const home = instruction.result === undefined ? undefined : homes.get(instruction.result);
      if (home === undefined) {
        output.push(instruction);
      } else if (home.kind === "spill") {
        const value = fresh(fn, state.pinned);
        instruction.result = value;
        output.push(instruction);
        const operands: Source[] = [{ kind: "register", register: value }, home];
        output.push({ operation: { op: "spill" }, result: undefined, operands, span: instruction.span });
      }
      // A definition that is computed at its uses goes away.
    }
    block.instructions = output;
  }
  return next;
}

function findHomes(
  fn: MachineFunction,
  registers: ReadonlySet<number>,
  state: SpillState,
): { homes: ReadonlyMap<number, Source>; next: number } {
  const homes = new Map<number, Source>();
  for (const block of fn.blocks) {
    for (const { operation, operands, result } of block.instructions) {
      const [source] = operands;
      if (result === undefined || operation.op !== "copy" || source === undefined || !registers.has(result)) continue;
      if (source.kind !== "register" && source.kind !== "spill") homes.set(result, source);
    }
  }
  const groups = new SpillGroups(state.liveness);
  for (const register of registers) if (!homes.has(register)) groups.add(register);
  for (const block of fn.blocks) {
    const jump = block.instructions.at(-1);
    if (jump?.operation.op !== "jump") continue;
    for (const [index, parameter] of jump.operation.target.parameters.entries()) {
      const argument = jump.operands[index];
      if (argument?.kind === "register" && parameter.kind === "register") groups.join(argument.register, parameter.register);
    }
  }
  const indices = new Map<SpillGroup, number>();
  for (const [register, group] of groups.all()) {
    const index = indices.get(group) ?? state.first + indices.size;
    indices.set(group, index);
    homes.set(register, { kind: "spill", index });
  }
  return { homes, next: state.first + indices.size };
}

/** Registers that share a spill: a block's parameter and its arguments, as long as they are never live at the same time. */
interface SpillGroup {
  members: number[];
  ranges: Ranges;
}

class SpillGroups {
  private readonly groups = new Map<number, SpillGroup>();
  private readonly liveness: Liveness;

  constructor(liveness: Liveness) {
    this.liveness = liveness;
  }

  add(register: number): void {
    this.groups.set(register, { members: [register], ranges: this.liveness.ranges[register - firstVirtual] ?? [] });
  }

  join(first: number, second: number): void {
    const a = this.groups.get(first);
    const b = this.groups.get(second);
    if (a === undefined || b === undefined || a === b) return;
    const ranges = mergedRanges(a.ranges, b.ranges);
    if (ranges === undefined) return;
    a.members = [...a.members, ...b.members];
    a.ranges = ranges;
    for (const member of b.members) this.groups.set(member, a);
  }

  all(): ReadonlyMap<number, SpillGroup> {
    return this.groups;
  }
}

function moveParameters(parameters: Destination[], homes: ReadonlyMap<number, Source>): void {
  for (const [index, parameter] of parameters.entries()) {
    const home = parameter.kind === "register" ? homes.get(parameter.register) : undefined;
    if (home?.kind === "spill") parameters[index] = home;
  }
}

function rewriteOperands(
  fn: MachineFunction,
  instruction: MachineInstruction,
  homes: ReadonlyMap<number, Source>,
  pinned: Set<number>,
  output: MachineInstruction[],
): void {
  const { operation, operands, span } = instruction;
  const loaded = new Map<number, number>();
  for (const [index, operand] of operands.entries()) {
    if (operand.kind !== "register") continue;
    const home = homes.get(operand.register);
    if (home === undefined) continue;
    if (isAnywhereOperand(operation, index)) {
      operands[index] = home;
      continue;
    }
    let register = loaded.get(operand.register);
    if (register === undefined) {
      register = fresh(fn, pinned);
      loaded.set(operand.register, register);
      output.push({ operation: { op: "copy" }, result: register, operands: [home], span });
    }
    operands[index] = { kind: "register", register };
  }
}

function fresh(fn: MachineFunction, pinned: Set<number>): number {
  const register = fn.nextRegister;
  fn.nextRegister += 1;
  pinned.add(register);
  return register;
}
