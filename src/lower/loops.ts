// Loops: while as jumps; ranges through bpf_loop and maps through for_each_map_elem, whose bodies become callbacks.

import { helpers } from "../bpf/helpers.ts";
import { present } from "../base/invariant.ts";
import { memoryOperand, type Operand, scalarOperand } from "../define/code.ts";
import type { Value } from "../ir/model.ts";
import type { Block, Statement, VariableExpression } from "../syntax/ast.ts";
import { isScalar, none, type Type } from "../types/type.ts";
import { frameLeftOffset, FunctionLowering, type VariableStorage } from "./function.ts";
import { assigns } from "./captures.ts";
import type { MapLayout } from "./map-layout.ts";
import { readAggregate } from "./map-read.ts";
import { extendTo } from "./operands.ts";
import { lowerCondition } from "./operators.ts";
import { lowerBody } from "./statements.ts";
import { declareVariable, readVariable, variableType, writeVariable } from "./variables.ts";

type Of<K extends Statement["kind"]> = Extract<Statement, { readonly kind: K }>;

export function lowerWhile(f: FunctionLowering, statement: Of<"while">): void {
  const head = f.ir.newBlock();
  const after = f.ir.newBlock();
  f.ir.jump(head);
  f.ir.start(head);
  const outer = f.loop;
  f.loop = { breakTo: () => f.ir.jump(after), continueTo: () => f.ir.jump(head) };
  lowerCondition(
    f,
    statement.condition,
    () => {
      const before = new Map(f.storage);
      lowerBody(f, statement.body);
      for (const symbol of f.storage.keys()) if (!before.has(symbol)) f.storage.delete(symbol);
      f.ir.jump(head);
    },
    () => f.ir.jump(after),
  );
  f.loop = outer;
  // The join after the two branches is never reached: both have jumped away.
  f.ir.seal(head);
  f.ir.startSealed(after);
}

/** A callback's result: go on, or stop the loop. */
const goOn = 0;
const stop = 1;

/** Lowers a loop's body as a callback; gives its name. `frame`: index of the parameter with the outer frame. */
function lowerCallback(
  f: FunctionLowering,
  parameters: ConstructorParameters<typeof FunctionLowering>[1],
  frame: number,
  fill: (callback: FunctionLowering) => void,
): string {
  const callback = new FunctionLowering(f.program, parameters, { function: f, frame });
  callback.ir.at(f.ir.span);
  callback.loop = {
    breakTo: () => callback.ir.return(callback.ir.const(stop)),
    continueTo: () => callback.ir.return(callback.ir.const(goOn)),
  };
  fill(callback);
  callback.ir.return(callback.ir.const(goOn));
  f.program.functions.push(callback.ir.function);
  return callback.ir.function.name;
}

/** After a loop: when its body left the probe, leave it here too. */
function leaveIfLeft(f: FunctionLowering, body: Block): void {
  if (!f.program.captures.leaving.has(body)) return;
  const left = f.ir.load(8, f.frameAddress(f.depth), frameLeftOffset);
  f.branch("ne", left, f.ir.const(0), () => f.leave(), () => undefined);
}

export function lowerForRange(f: FunctionLowering, statement: Of<"for-range">): void {
  const { variable, body } = statement;
  const type = variableType(f, variable);
  const from = f.integer(statement.from);
  const to = f.integer(statement.to);
  const signed = type.kind === "int" && type.signed;
  // The callback gets the round; the start of the range is kept in the frame.
  const start = f.frameAddress(f.depth);
  const startOffset = present(f.program.captures.starts.get(statement), "start of the range");
  f.ir.store(8, start, startOffset, from);
  const name = lowerCallback(f, ["int", "stack"], 1, (callback) => {
    const first = callback.ir.load(8, callback.frameAddress(f.depth), startOffset);
    const current = callback.ir.binary("add", first, callback.ir.parameter(0));
    bindLoopVariable(callback, variable, type, current);
    lowerBody(callback, body);
  });
  // Without rounds the call is jumped over: a callback that can be seen never to run is cut out by the verifier,
  // which then refuses the instruction that takes its address (seen on 6.18).
  const run = () => {
    const count = f.ir.clamp(f.ir.binary("sub", to, from), 0xffff_ffffn);
    const result = f.target.has("bpf_loop") ? callLoop(f, name, count) : runRounds(f, name, count);
    f.warning("The loop has too many rounds and did not run.", helpers.loop.name, result, "always");
  };
  f.branch(signed ? "sgt" : "ugt", to, from, run, () => undefined);
  leaveIfLeft(f, body);
}

function callLoop(f: FunctionLowering, callback: string, count: Value): Value {
  return f.ir.call(helpers.loop.id, [count, f.ir.functionAddress(callback), f.frameAddress(f.depth), f.ir.const(0)]);
}

/** What the verifier is willing to follow of a loop that it has to run through itself, round by round. */
const maxRounds = 1024;
const tooManyRounds = -7;

/** bpf_loop for kernels without it: a loop of bounded length in the program; gives 0, or -E2BIG without having run. */
function runRounds(f: FunctionLowering, callback: string, count: Value): Value {
  const { ir } = f;
  const fits = () => {
    const round = ir.variable();
    ir.write(round, ir.const(0));
    const head = ir.newBlock();
    const inside = ir.newBlock();
    const after = ir.newBlock();
    ir.jump(head);
    ir.start(head);
    ir.branch("ult", ir.read(round), ir.clamp(count, BigInt(maxRounds)), inside, after);
    ir.startSealed(inside);
    const next = ir.newBlock();
    ir.branch("ne", ir.callFunction(callback, [ir.read(round), f.frameAddress(f.depth)]), ir.const(goOn), after, next);
    ir.startSealed(next);
    ir.write(round, ir.binary("add", ir.read(round), ir.const(1)));
    ir.jump(head);
    ir.seal(head);
    ir.startSealed(after);
    return ir.const(0);
  };
  return f.choose("ule", count, ir.const(maxRounds), fits, () => ir.const(tooManyRounds));
}

function bindLoopVariable(f: FunctionLowering, variable: VariableExpression, type: Type, value: Value): void {
  declareVariable(f, variable);
  writeVariable(f, variable, scalarOperand(type, extendTo(f, value, type)));
}

export function lowerForMap(f: FunctionLowering, statement: Of<"for-map">): void {
  const { variable, body, map } = statement;
  const layout = f.layout(map.name);
  const name = lowerCallback(f, ["map", "memory", "memory", "stack"], 3, (callback) => {
    bindPair(callback, layout, variable, body);
    lowerBody(callback, body);
  });
  const args = [f.ir.map(layout.storage), f.ir.functionAddress(name), f.frameAddress(f.depth), f.ir.const(0)];
  const result = f.ir.call(helpers.forEachMapElem.id, args);
  f.warning("The loop over the map did not run.", helpers.forEachMapElem.name, result, "always");
  leaveIfLeft(f, body);
}

/** The loop variable of a loop over a map: key and value stay where the callback gets them. */
function bindPair(f: FunctionLowering, layout: MapLayout, variable: VariableExpression, body: Block): void {
  const symbol = present(f.program.analysed.variables.get(variable), "loop variable");
  const type = variableType(f, variable);
  const keyAddress = f.ir.parameter(1);
  const key = elementOperand(f, layout.map.key, keyAddress);
  const value =
    layout.map.value.kind === "aggregate"
      ? scalarOperand({ kind: "int", bytes: 8, signed: layout.map.value.signed }, readAggregate(f, layout, keyAddress))
      : elementOperand(f, layout.map.value, f.ir.parameter(2));
  const pair: VariableStorage = { kind: "pair", key, value, type };
  f.storage.set(symbol, pair);
  const { captures, analysed } = f.program;
  if (!captures.captured.has(symbol) && !f.addressTaken.has(symbol.name) && !assigns(analysed, body, symbol)) return;
  // A loop inside this one uses the pair, or the body changes it: it becomes a tuple in memory.
  const tuple = readVariable(f, variable);
  f.storage.delete(symbol);
  declareVariable(f, variable);
  writeVariable(f, variable, tuple);
}

function elementOperand(f: FunctionLowering, type: Type, address: Value): Operand {
  if (type.kind === none.kind) return { kind: "none" };
  const operand = memoryOperand(type, address);
  return isScalar(type) ? scalarOperand(type, f.scalar(operand)) : operand;
}
