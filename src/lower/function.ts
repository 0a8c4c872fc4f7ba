// Lowering of one IR function (a program, or the callback of a loop): its builder, variables and memory, and the
// interface that definitions use (define/code.ts). The work itself is in the files beside this one, by subject.

import { helpers } from "../bpf/helpers.ts";
import { invariant, present } from "../base/invariant.ts";
import type { ActionParameters } from "../define/action.ts";
import { elementType } from "../define/aggregation.ts";
import type { AnalysedProgram, VariableSymbol } from "../define/analysed.ts";
import { type Code, type EventArgument, memoryOperand, type Operand, type Place, type Text } from "../define/code.ts";
import type { Config } from "../define/config.ts";
import { endedFlag, endedStatus, internalMaps, linkConstants } from "../define/internal-names.ts";
import type { HostMap } from "../define/host-map.ts";
import type { Literal } from "../define/literal.ts";
import type { ProbePoint } from "../define/probe.ts";
import { argumentRegisters, registerOffset } from "../define/registers.ts";
import type { Registry } from "../define/registry.ts";
import type { Target } from "../define/target.ts";
import { IrBuilder, type IrVariable } from "../ir/builder.ts";
import type { Block, Comparison, IrFunction, StackSlot, Value, ValueType } from "../ir/model.ts";
import type { KernelFormat } from "../output/kernel-format.ts";
import type { Span } from "../source/source.ts";
import type { Expression } from "../syntax/ast.ts";
import { type AddressSpace, isScalar, type Type } from "../types/type.ts";
import type { CapturePlan } from "./captures.ts";
import { storeOperand } from "./convert.ts";
import { emitEvent, emitPacket } from "./events.ts";
import { emitRecord, emitText } from "./iterator-file.ts";
import { lowerExpression, lowerInteger, storeExpression } from "./expressions.ts";
import { buildKey, countElements, deleteElement, hasElement, scalarEntry } from "./maps.ts";
import type { MapLayout } from "./map-layout.ts";
import { findElement } from "./map-read.ts";
import { memoryDifference } from "./memory-compare.ts";
import { loadScalar, placeOf } from "./operands.ts";
import type { Resources, ScratchRegion } from "./resources.ts";
import { searchString, stringLength } from "./string-search.ts";
import { stringsEqual } from "./strings.ts";
import { lowerUsdtArgument } from "./usdt-arguments.ts";
import { emitWarning } from "./warnings.ts";

/** Where a variable of the script is. */
export type VariableStorage =
  | { readonly kind: "register"; readonly variable: IrVariable; readonly type: Type }
  | { readonly kind: "slot"; readonly slot: StackSlot; readonly type: Type }
  | { readonly kind: "scratch"; readonly offset: number; readonly type: Type }
  /** In the frame that loop callbacks can reach, `depth` frames up from a callback at that depth. */
  | { readonly kind: "frame"; readonly depth: number; readonly offset: number; readonly type: Type }
  /** The loop variable of a loop over a map: key and value where the callback has them. */
  | { readonly kind: "pair"; readonly key: Operand; readonly value: Operand; readonly type: Type };

/** What all functions of one program share. */
export interface ProgramLowering {
  readonly analysed: AnalysedProgram;
  readonly registry: Registry;
  readonly target: Target;
  readonly resources: Resources;
  readonly layouts: ReadonlyMap<string, MapLayout>;
  readonly scratch: ScratchRegion;
  readonly point: ProbePoint;
  /** Finished functions; callbacks are added as loops are lowered. */
  readonly functions: IrFunction[];
  /** Names of those functions that several places use. */
  readonly shared: Set<string>;
  readonly captures: CapturePlan;
  /** Variables are in scratch memory: the stack was too small for them. */
  readonly roomy: boolean;
  readonly functionPrefix: string;
  /** Names of variables whose address the program takes. */
  readonly addressTaken: ReadonlySet<string>;
  /** 0: no runtime warnings of helpers, 1: unexpected failures, 2: also failed reads and lookups. */
  readonly warningLevel: 0 | 1 | 2;
  /** The process that -p names, to be compared in the program. */
  readonly pid: number | undefined;
}

/** Where break and continue go. */
export interface LoopTargets {
  readonly breakTo: () => void;
  readonly continueTo: () => void;
}

/** Offset in a frame of the word that says whether the probe was left. */
export const frameLeftOffset = 8;

/** Memory up to this size is cleared and copied by single instructions. */
const inlineLimit = 96;

export class FunctionLowering implements Code {
  readonly program: ProgramLowering;
  readonly ir: IrBuilder;
  readonly storage: Map<VariableSymbol, VariableStorage>;
  /** Addresses taken with `&` in this function, and those moved from them: how far into an object of how many bytes. */
  readonly objects = new Map<Value, { readonly at: number; readonly bytes: number }>();
  /** 0 for the program, n for the callback of a loop inside n - 1 loops. */
  readonly depth: number;
  loop: LoopTargets | undefined;
  /** Pointers in the context are loaded so that the verifier knows what they point to. */
  keepsTypes = false;
  /** Word that says that a program runs on this CPU, once it is set. */
  guard: Value | undefined;
  /** Where the program goes on when this probe is left; undefined: it ends. */
  next: Block | undefined;
  /** Ring buffer record that must be given back if the probe is left now. */
  reserved: Value | undefined;
  private readonly scratchBase: Value;
  private readonly frame: StackSlot | undefined;
  /** Address of the outer frame, in callbacks. */
  private readonly outerFrame: Value | undefined;

  /** `shared`: the builder of a function that has other code already, in whose current block this one begins. */
  constructor(
    program: ProgramLowering,
    parameters: readonly ValueType[],
    outer: { function: FunctionLowering; frame: number } | undefined,
    shared?: IrBuilder,
  ) {
    this.program = program;
    this.depth = outer === undefined ? 0 : outer.function.depth + 1;
    const suffix = outer === undefined ? "" : `_loop${program.functions.length + 1}_${this.depth}`;
    this.ir = shared ?? new IrBuilder(`${program.functionPrefix}${suffix}`, parameters);
    this.storage = outer === undefined ? new Map() : new Map(outer.function.storage);
    this.outerFrame = outer === undefined ? undefined : this.ir.parameter(outer.frame);
    this.scratchBase = this.makeScratchBase();
    this.frame = this.makeFrame();
    this.keepIteratorFile();
  }

  // ---- surroundings ----------------------------------------------------------------------------------

  get point(): ProbePoint {
    return this.program.point;
  }

  get addressTaken(): ReadonlySet<string> {
    return this.program.addressTaken;
  }

  get target(): Target {
    return this.program.target;
  }

  get config(): Config {
    return this.program.analysed.config;
  }

  /** Larger values than this are kept in scratch memory. */
  get stackLimit(): number {
    return this.program.roomy ? 0 : this.config.onStackLimit;
  }

  get span(): Span {
    return this.ir.span ?? this.point.span;
  }

  typeOf(expression: Expression): Type {
    return present(this.program.analysed.types.get(expression), `type of ${expression.kind}`);
  }

  valueTypeOf(expression: Expression): Type {
    const type = this.typeOf(expression);
    if (type.kind !== "aggregate") return type;
    return present(elementType(this.program.registry.aggregations.get(type.aggregation), type), "type of an element");
  }

  literalOf(expression: Expression): Literal | undefined {
    return this.program.analysed.literals.get(expression);
  }

  layout(map: string): MapLayout {
    return present(this.program.layouts.get(map), `map ${map}`);
  }

  // ---- frames and scratch ------------------------------------------------------------------------------

  /** Address of this CPU's scratch memory; unused ones disappear as dead code. */
  private makeScratchBase(): Value {
    const offset = this.ir.binary("mul", this.boundedCpu(), this.ir.linkConstant(linkConstants.scratchStride));
    return this.ir.binary("add", this.ir.mapValue(internalMaps.scratch), offset);
  }

  /** Number of this CPU, below a power of two that the verifier knows. */
  boundedCpu(): Value {
    const mask = 2 ** Math.ceil(Math.log2(Math.max(this.target.possibleCpus, 1))) - 1;
    return this.ir.binary("and", this.ir.call(helpers.getSmpProcessorId.id, []), this.ir.const(mask));
  }

  private makeFrame(): StackSlot | undefined {
    const size = this.program.captures.frameSizes[this.depth] ?? 0;
    if (size === 0) return undefined;
    const slot = this.ir.slot(size);
    const address = this.ir.slotAddress(slot);
    this.zero({ address, offset: 0 }, size);
    if (this.outerFrame !== undefined) this.ir.store(8, address, 0, this.outerFrame);
    return slot;
  }

  /** Callbacks don't have the context: the iterator's file is in the program's frame for them. */
  private keepIteratorFile(): void {
    const offset = this.program.captures.iteratorFile;
    if (offset === undefined || this.frame === undefined || this.depth > 0) return;
    this.ir.store(8, this.ir.slotAddress(this.frame), offset, this.iteratorFile());
  }

  /** The file that an iterator writes to: `seq` of the context's first word (struct bpf_iter_meta). */
  iteratorFile(): Value {
    if (this.depth === 0) return this.ir.load(8, this.ir.load(8, this.context(), 0, "btf"), 0, "btf");
    return this.ir.load(8, this.frameAddress(0), present(this.program.captures.iteratorFile, "place of the iterator's file"), "btf");
  }

  /** Address of the frame of the function at a depth, seen from here. */
  frameAddress(depth: number): Value {
    if (depth === this.depth) return this.ir.slotAddress(present(this.frame, "frame"));
    let address = present(this.outerFrame, "outer frame");
    for (let at = this.depth - 1; at > depth; at--) address = this.ir.load(8, address, 0, "stack");
    return address;
  }

  scratchAddress(offset: number): Value {
    return this.ir.offset(this.scratchBase, offset);
  }

  temporary(size: number): Value {
    if (size <= this.stackLimit) return this.ir.slotAddress(this.ir.slot(Math.max(size, 1)));
    return this.scratchAddress(this.program.scratch.allocate(size));
  }

  /** Runs code whose temporaries are free afterwards. */
  withTemporaries<T>(body: () => T): T {
    const mark = this.program.scratch.mark();
    const result = body();
    this.program.scratch.release(mark);
    return result;
  }

  // ---- memory ------------------------------------------------------------------------------------------

  zero(to: Place, size: number): void {
    if (size > inlineLimit) {
      // A read from address 0 fails, and the helper then clears the destination.
      const address = this.ir.offset(to.address, to.offset);
      this.ir.call(helpers.probeReadKernel.id, [address, this.ir.const(size), this.ir.const(0)]);
      return;
    }
    const zero = this.ir.const(0);
    for (const [offset, bytes] of chunks(size, to.offset)) this.ir.store(bytes, to.address, to.offset + offset, zero);
  }

  copy(from: Place, to: Place, size: number): void {
    if (size > inlineLimit) {
      const source = this.ir.offset(from.address, from.offset);
      const address = this.ir.offset(to.address, to.offset);
      this.ir.call(helpers.probeReadKernel.id, [address, this.ir.const(size), source]);
      return;
    }
    for (const [offset, bytes] of chunks(size, from.offset, to.offset)) {
      const word = this.ir.load(bytes, from.address, from.offset + offset);
      this.ir.store(bytes, to.address, to.offset + offset, word);
    }
  }

  probeRead(space: AddressSpace, to: Value, size: Value, from: Value): Value {
    const helper = space === "user" ? helpers.probeReadUser : space === "none" ? helpers.probeRead : helpers.probeReadKernel;
    const result = this.ir.call(helper.id, [to, size, from]);
    this.warning("", helper.name, result, "reads");
    return result;
  }

  probeReadString(space: AddressSpace, to: Value, size: Value, from: Value): Value {
    const helper =
      space === "user" ? helpers.probeReadUserStr : space === "none" ? helpers.probeReadStr : helpers.probeReadKernelStr;
    const result = this.ir.call(helper.id, [to, size, from]);
    this.warning("", helper.name, result, "reads");
    return result;
  }

  // ---- values --------------------------------------------------------------------------------------------

  operand(expression: Expression): Operand {
    return lowerExpression(this, expression);
  }

  typedOperand(expression: Expression): Operand {
    const before = this.keepsTypes;
    this.keepsTypes = true;
    const operand = lowerExpression(this, expression);
    this.keepsTypes = before;
    return operand;
  }

  integer(expression: Expression): Value {
    return lowerInteger(this, expression);
  }

  scalar(operand: Operand): Value {
    return loadScalar(this, operand);
  }

  place(operand: Operand): Place {
    return placeOf(this, operand);
  }

  store(operand: Operand, as: Type, to: Place): void {
    storeOperand(this, operand, as, to);
  }

  storeExpression(expression: Expression, as: Type, to: Place, clean: boolean): void {
    storeExpression(this, expression, as, to, clean);
  }

  stringsEqual(left: Expression, right: Expression, limit: number): Value {
    return stringsEqual(this, left, right, limit);
  }

  searchString(haystack: Text, needle: Text): Value {
    return searchString(this, haystack, needle);
  }

  stringLength(expression: Expression): Value {
    return stringLength(this, expression);
  }

  memoryDifference(a: Value, b: Value, size: number): Value {
    return memoryDifference(this, a, b, size);
  }

  textTable(texts: readonly string[], width: number): Value {
    const padded = texts.map((text) => text.slice(0, width - 1).padEnd(width, "\0")).join("");
    return this.ir.mapValue(internalMaps.constants, this.program.resources.constant(padded));
  }

  endRun(status: Value): void {
    const low = this.ir.binary("and", status, this.ir.const(endedStatus));
    this.ir.store(8, this.ir.mapValue(internalMaps.ended), 0, this.ir.binary("or", low, this.ir.const(endedFlag)));
  }

  // ---- context -----------------------------------------------------------------------------------------

  context(): Value {
    invariant(this.depth === 0, "the context is out of reach in callbacks");
    return this.ir.parameter(0);
  }

  /** The process id of the current task, as the tracer's namespace counts. */
  processId(): Value {
    const both = this.ir.call(helpers.getCurrentPidTgid.id, []);
    return this.ir.binary("lshr", both, this.ir.const(32));
  }

  /** Stores the address of the context, to be used as a number. */
  copyContextAddress(to: Value): void {
    this.ir.store(8, to, 0, this.context());
  }

  register(name: string): Value {
    const offset = present(registerOffset(this.target.arch, name), `register ${name}`);
    return this.ir.load(8, this.context(), offset);
  }

  argument(index: number): Value {
    if (this.point.usdt !== undefined) return lowerUsdtArgument(this, this.point.usdt, index);
    if (this.point.context === "words") return this.ir.load(8, this.context(), index * 8);
    const name = present(argumentRegisters[this.target.arch][index], "argument register");
    return this.register(name);
  }

  // ---- control -----------------------------------------------------------------------------------------

  branch(comparison: Comparison, left: Value, right: Value, then: () => void, otherwise: () => void): void {
    const thenBlock = this.ir.newBlock();
    const elseBlock = this.ir.newBlock();
    const after = this.ir.newBlock();
    this.ir.branch(comparison, left, right, thenBlock, elseBlock);
    this.ir.startSealed(thenBlock);
    then();
    this.ir.jump(after);
    this.ir.startSealed(elseBlock);
    otherwise();
    this.ir.jump(after);
    this.ir.startSealed(after);
  }

  choose(comparison: Comparison, left: Value, right: Value, then: () => Value, otherwise: () => Value): Value {
    const result = this.ir.variable();
    this.branch(
      comparison,
      left,
      right,
      () => this.ir.write(result, then()),
      () => this.ir.write(result, otherwise()),
    );
    return this.ir.read(result);
  }

  repeat(rounds: number, body: (round: Value) => void): void {
    const round = this.ir.variable();
    this.ir.write(round, this.ir.const(0));
    const head = this.ir.newBlock();
    const inside = this.ir.newBlock();
    const after = this.ir.newBlock();
    this.ir.jump(head);
    this.ir.start(head);
    this.ir.branch("ult", this.ir.read(round), this.ir.const(rounds), inside, after);
    this.ir.startSealed(inside);
    body(this.ir.read(round));
    this.ir.write(round, this.ir.binary("add", this.ir.read(round), this.ir.const(1)));
    this.ir.jump(head);
    this.ir.seal(head);
    this.ir.startSealed(after);
  }

  /** Ends the probe: a program returns, a callback says so to the loop that called it. */
  leave(value?: Value): void {
    if (this.ir.ended) return;
    if (this.reserved !== undefined) this.ir.call(helpers.ringbufDiscard.id, [this.reserved, this.ir.const(0)]);
    if (this.depth === 0) {
      if (this.next !== undefined) {
        this.ir.jump(this.next);
        return;
      }
      if (this.guard !== undefined) this.ir.store(8, this.guard, 0, this.ir.const(0));
      this.ir.return(value ?? this.ir.const(this.point.returns));
      return;
    }
    this.ir.store(8, present(this.outerFrame, "outer frame"), frameLeftOffset, this.ir.const(1));
    this.ir.return(this.ir.const(1));
  }

  /** A block that is reached from several places; `fill` makes the jumps. */
  join(fill: (after: Block) => void): void {
    const after = this.ir.newBlock();
    fill(after);
    this.ir.jump(after);
    this.ir.startSealed(after);
  }

  shared(suffix: string, parameters: readonly ValueType[], fill: (builder: IrBuilder) => void): string {
    const name = `${this.program.functionPrefix}_${suffix}`;
    const { shared, functions } = this.program;
    if (!shared.has(name)) {
      shared.add(name);
      const builder = new IrBuilder(name, parameters);
      builder.at(this.span);
      fill(builder);
      functions.push(builder.function);
    }
    return name;
  }

  hostMap(map: HostMap): void {
    this.program.resources.hostMaps.set(map.name, map);
  }

  // ---- events and maps ---------------------------------------------------------------------------------

  event(action: string, parameters: ActionParameters, fields: readonly EventArgument[]): void {
    switch (this.point.writes) {
      case "records":
        return emitRecord(this, action, parameters, fields);
      case "text":
        // What is left are runtime warnings: there is no tracer to show them.
        return;
      case undefined:
        return emitEvent(this, action, parameters, fields);
    }
  }

  writeText(format: KernelFormat, values: readonly Expression[]): void {
    emitText(this, format, values);
  }

  packet(action: string, parameters: ActionParameters, fields: readonly EventArgument[], packet: Value, length: Value): Value {
    return emitPacket(this, action, parameters, fields, packet, length);
  }

  warning(message: string, helper: string | undefined, retcode: Value | undefined, kind: "always" | "reads"): void {
    if (this.point.writes !== "text") emitWarning(this, message, helper, retcode, kind);
  }

  mapKey(map: string, keys: readonly Expression[]): Value {
    return buildKey(this, this.layout(map), keys);
  }

  map(map: string): Value {
    return this.ir.map(this.layout(map).storage);
  }

  mapIsScalar(map: string): boolean {
    return this.layout(map).map.scalar;
  }

  typeOfMap(map: string): Type {
    return this.layout(map).map.value;
  }

  scalarMap(map: string): Value | undefined {
    const layout = this.program.layouts.get(map);
    if (layout?.kind !== "scalar" || layout.perCpu || !isScalar(layout.map.value)) return undefined;
    return loadScalar(this, memoryOperand(layout.map.value, scalarEntry(this, layout), layout.valueOffset));
  }

  deleteElement(map: string, keys: readonly Expression[]): Value {
    return deleteElement(this, this.layout(map), keys);
  }

  hasElement(map: string, keys: readonly Expression[]): Value {
    return hasElement(this, this.layout(map), keys);
  }

  findElement(map: string, keys: readonly Expression[], variable: Expression): Value {
    return findElement(this, this.layout(map), keys, variable);
  }

  countElements(map: string): Value {
    return countElements(this, this.layout(map));
  }
}

/** Splits a size into accesses that are aligned at all of the given offsets: offset and bytes of each. */
export function chunks(size: number, ...bases: readonly number[]): readonly (readonly [number, 1 | 2 | 4 | 8])[] {
  const result: (readonly [number, 1 | 2 | 4 | 8])[] = [];
  for (let offset = 0; offset < size; ) {
    const at = offset;
    const fits = (bytes: number) => size - at >= bytes && bases.every((base) => (base + at) % bytes === 0);
    const bytes = fits(8) ? 8 : fits(4) ? 4 : fits(2) ? 2 : 1;
    result.push([offset, bytes]);
    offset += bytes;
  }
  return result;
}
