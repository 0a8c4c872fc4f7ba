// From an analysed program to IR: one module for each body and kind of attach point, and the maps they use.

import { present } from "../base/invariant.ts";
import { sessionFunction } from "../define/attach-spec.ts";
import { internalMaps, runningStride } from "../define/internal-names.ts";
import type { AnalysedProbe, AnalysedProgram } from "../define/analysed.ts";
import type { ProbePoint } from "../define/probe.ts";
import type { Registry } from "../define/registry.ts";
import type { Target } from "../define/target.ts";
import type { Block, IrFunction, IrModule } from "../ir/model.ts";
import type { ReadPlan } from "../ir/passes/expand-reads.ts";
import { addressesTaken, planCaptures } from "./captures.ts";
import { FunctionLowering, type ProgramLowering } from "./function.ts";
import { layoutMap, type MapLayout } from "./map-layout.ts";
import { lowerCondition } from "./operators.ts";
import { planReads } from "./read-plan.ts";
import { Resources, ScratchRegion } from "./resources.ts";
import { lowerBody } from "./statements.ts";

export interface LoweringOptions {
  /** 0: no runtime warnings, 1: unexpected failures of helpers, 2: also failed reads and lookups. */
  readonly warningLevel: 0 | 1 | 2;
  readonly pid: number | undefined;
  /** Functions whose variables did not fit the stack: they are kept in scratch memory instead. */
  readonly roomy: ReadonlySet<string>;
}

/** One module and the attach points that it is loaded for. */
export interface LoweredProbe {
  readonly module: IrModule;
  /** How its reads of kernel memory are to be made. */
  readonly reads: ReadPlan;
  readonly functionName: string;
  readonly points: readonly ProbePoint[];
}

export interface LoweredProgram {
  readonly probes: readonly LoweredProbe[];
  readonly layouts: readonly MapLayout[];
  readonly resources: Resources;
}

/** Lowers all probes of a program in source order. */
export function lowerProgram(
  analysed: AnalysedProgram,
  registry: Registry,
  target: Target,
  options: LoweringOptions,
): LoweredProgram {
  const resources = new Resources();
  resources.guardsPrograms = analysed.probes.some(({ points }) => points.some((point) => point.runsInPrograms === true));
  const layouts = new Map([...analysed.maps.values()].map((map) => [map.name, layoutMap(map)] as const));
  const probes: LoweredProbe[] = [];
  let index = 0;
  for (const probe of analysed.probes) {
    for (const points of groupPoints(probe)) {
      index += 1;
      probes.push(lowerProbe({ analysed, registry, target, options, resources, layouts, probe, points, index }));
    }
  }
  return { probes, layouts: [...layouts.values()], resources };
}

/** Points of one body that can run the same code: equal kind of context, program and default result. */
function groupPoints(probe: AnalysedProbe): readonly (readonly ProbePoint[])[] {
  const groups = new Map<string, ProbePoint[]>();
  for (const point of probe.points) {
    const { type, expectedAttach } = point.program;
    const key = `${point.context} ${type} ${expectedAttach} ${point.returns} ${point.space} ${point.filtersByPid} ${usdtKey(point)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [point]);
    else group.push(point);
  }
  return [...groups.values()];
}

/** Points whose arguments are in other places need code of their own. */
function usdtKey({ usdt }: ProbePoint): string {
  if (usdt === undefined) return "";
  const places = usdt.arguments.map((argument) => JSON.stringify(argument, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value)));
  return usdt.globals.size > 0 ? `${usdt.address} ${places.join()}` : places.join();
}

interface ProbeInput {
  readonly analysed: AnalysedProgram;
  readonly registry: Registry;
  readonly target: Target;
  readonly options: LoweringOptions;
  readonly resources: Resources;
  readonly layouts: ReadonlyMap<string, MapLayout>;
  readonly probe: AnalysedProbe;
  readonly points: readonly ProbePoint[];
  readonly index: number;
}

function lowerProbe(input: ProbeInput): LoweredProbe {
  const { probe, points } = input;
  const point = firstPoint(points);
  const functionName = functionNameOf(point.name, input.index);
  const whole = {
    scratch: new ScratchRegion(input.resources),
    functions: [],
    shared: new Set<string>(),
    roomy: input.options.roomy.has(functionName),
    functionPrefix: functionName,
  };
  const main = new FunctionLowering(programLowering(input, probe, point, whole), ["ctx"], undefined);
  main.ir.at(probe.span);
  lowerMain(main, input, whole);
  const functions = [main.ir.function, ...main.program.functions];
  for (const f of functions) removeUnreachable(f);
  const reads = planReads(functions, input.target, input.analysed.config, whole.roomy);
  return { module: { functions }, reads, functionName, points };
}

/** What the bodies of a program have in common. */
type Whole = Pick<ProgramLowering, "scratch" | "functions" | "shared" | "roomy" | "functionPrefix">;

function programLowering(input: ProbeInput, probe: AnalysedProbe, point: ProbePoint, whole: Whole): ProgramLowering {
  const { analysed, registry, target, resources, layouts, options } = input;
  return {
    ...whole,
    analysed,
    registry,
    target,
    resources,
    layouts,
    point,
    captures: planCaptures(analysed, registry, probe.predicate, probe.body, {
      scalarsInFrames: !whole.roomy,
      writesFile: point.writes !== undefined,
    }),
    addressTaken: addressesTaken(probe.predicate, probe.body),
    warningLevel: options.warningLevel,
    pid: options.pid,
  };
}

function lowerMain(f: FunctionLowering, input: ProbeInput, whole: Whole): void {
  const { probe, options } = input;
  const { pid } = options;
  if (f.point.lastCallWord !== undefined) {
    const element = f.ir.load(8, f.context(), f.point.lastCallWord * 8);
    f.branch("eq", element, f.ir.const(0), () => f.leave(), () => undefined);
  }
  // begin and end always run, and pinned iterators when the tracer has ended.
  if (f.point.attach.mechanism !== "test-run" && f.point.writes !== "text") leaveAfterEnd(f);
  if (pid !== undefined && f.point.filtersByPid) filterByPid(f, pid);
  if (input.resources.guardsPrograms) guardProgram(f);
  if (probe.atReturn === undefined) lowerInTurn(f, input, whole);
  else lowerSession(f, input, probe.atReturn, whole);
}

/** Bodies of probes on one event, one after the other: what leaves one of them goes on to the next. */
function lowerInTurn(f: FunctionLowering, input: ProbeInput, whole: Whole): void {
  let current = f;
  let probe = input.probe;
  for (const follower of input.probe.followers) {
    const next = f.ir.newBlock();
    current.next = next;
    lowerWhole(current, probe);
    f.ir.startSealed(next);
    f.ir.at(follower.span);
    current = inSameFunction(f, input, follower, whole);
    // The one before may have ended the run.
    leaveAfterEnd(current);
    probe = follower;
  }
  lowerWhole(current, probe);
}

/** Two bodies in one program: the kernel says at which end of the function it runs. */
function lowerSession(f: FunctionLowering, input: ProbeInput, atReturn: AnalysedProbe, whole: Whole): void {
  // The kernel's bool fills a byte of the register.
  const returning = f.ir.binary("and", f.ir.callKfunc(sessionFunction, []), f.ir.const(1));
  const lowerReturn = () => {
    const other = inSameFunction(f, input, atReturn, whole);
    f.ir.at(atReturn.span);
    lowerWhole(other, atReturn);
    f.ir.at(input.probe.span);
  };
  f.branch("ne", returning, f.ir.const(0), lowerReturn, () => lowerWhole(f, input.probe));
  f.leave();
}

/** Lowering of another probe's body from the current block of a program on. */
function inSameFunction(f: FunctionLowering, input: ProbeInput, probe: AnalysedProbe, whole: Whole): FunctionLowering {
  const other = new FunctionLowering(programLowering(input, probe, firstPoint(probe.points), whole), ["ctx"], undefined, f.ir);
  other.guard = f.guard;
  return other;
}

function firstPoint([point]: readonly ProbePoint[]): ProbePoint {
  return present(point, "a probe's point");
}

function lowerWhole(f: FunctionLowering, { predicate, body }: AnalysedProbe): void {
  if (predicate !== undefined) {
    f.withTemporaries(() => lowerCondition(f, predicate, () => undefined, () => f.leave()));
  }
  lowerBody(f, body);
  f.leave();
}

/** When the run has ended, programs do nothing: detaching them takes the kernel up to tenths of seconds each. */
function leaveAfterEnd(f: FunctionLowering): void {
  const ended = f.ir.load(8, f.ir.mapValue(internalMaps.ended), 0);
  f.branch("ne", ended, f.ir.const(0), () => f.leave(), () => undefined);
}

/**
 * A program that is called while another one runs on its CPU counts a lost event and leaves: the helpers of that one may hold
 * the lock that this one would wait for. What interrupts a program has ended before it goes on, so that the word needs no
 * atomic access.
 */
function guardProgram(f: FunctionLowering): void {
  const { ir } = f;
  const word = ir.binary("add", ir.mapValue(internalMaps.running), ir.binary("mul", f.boundedCpu(), ir.const(runningStride)));
  const lose = () => {
    ir.atomicAdd(8, ir.mapValue(internalMaps.lost), 0, ir.const(1));
    f.leave();
  };
  f.branch("ne", ir.load(8, word), ir.const(0), lose, () => undefined);
  // A plain store could be dropped as overwritten: what happens in between is out of the compiler's sight.
  ir.atomicAdd(8, word, 0, ir.const(1));
  f.guard = word;
}

/** -p for probes that fire for all processes. */
function filterByPid(f: FunctionLowering, pid: number): void {
  const own = f.processId();
  f.branch("eq", own, f.ir.const(pid), () => undefined, () => f.leave());
}

/** The kernel's name of a program: the probe's name in letters, digits and underscores, and a number. */
function functionNameOf(name: string, index: number): string {
  return `${name.replace(/[^A-Za-z0-9_]/g, "_").slice(0, 110)}_${index}`;
}

/** Drops blocks that nothing jumps to: code after a return, joins that no branch reaches. */
function removeUnreachable(f: IrFunction): void {
  const [entry] = f.blocks;
  if (entry === undefined) return;
  const reached = new Set<Block>([entry]);
  const queue = [entry];
  for (let block = queue.pop(); block !== undefined; block = queue.pop()) {
    const { terminator } = block;
    const targets =
      terminator?.op === "jump" ? [terminator.target] : terminator?.op === "branch" ? [terminator.then, terminator.else] : [];
    for (const target of targets) {
      if (reached.has(target.block)) continue;
      reached.add(target.block);
      queue.push(target.block);
    }
  }
  f.blocks = f.blocks.filter((block) => reached.has(block));
}
