// dw_ustack(): user stacks of programs without frame pointers, unwound in the kernel with tables made from .eh_frame.

import { present } from "../../../base/invariant.ts";
import { helpers } from "../../../bpf/helpers.ts";
import type { ActionDef } from "../../../define/action.ts";
import { type BuiltinDef, builtin, type CallSite } from "../../../define/builtin.ts";
import { type Code, memoryOperand, type Operand, scalarOperand } from "../../../define/code.ts";
import { registerNames, registerOffset } from "../../../define/registers.ts";
import { processLayout, unwindMaps, unwindMissAction } from "../../../define/unwind-layout.ts";
import type { Value } from "../../../ir/model.ts";
import { sizeOf, type StackType, uint32 } from "../../../types/type.ts";
import { taskIds } from "../../variables/task.ts";
import { checkStack, stackParameters, stackType } from "../stack.ts";
import { readFirstInstance, realReturnAddress, type ReturnInstances, returnInstances } from "./return-instances.ts";
import { fillUnwindStep, registersSize, stepFrame, workLayout } from "./unwind-step.ts";

/** The first release with all that the programs use. */
const oldest = { major: 5, minor: 17 };

function check(site: CallSite): void {
  checkStack(site, false);
  const hint = "accept it by a line of the config: config = { unstable_dw_ustack = enable }";
  if (site.config.unstableDwUstack === "error") site.error("unstable", "dw_ustack is not enabled", undefined, { hint });
  if (site.config.unstableDwUstack === "warn") site.warn("unstable", "dw_ustack is an unstable feature: it may change", undefined, { hint });
  if (site.target.arch !== "x64") return site.error("architecture", "dw_ustack() can unwind on x86_64 only");
  const { major, minor } = site.target.release;
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
    site.error("kernel", `dw_ustack() needs Linux ${oldest.major}.${oldest.minor} or later (for bpf_loop)`);
  }
}

function lower(code: Code, type: StackType): Operand {
  const { ir } = code;
  for (const map of Object.values(unwindMaps)) code.hostMap(map);
  const work = code.temporary(workLayout.stack + sizeOf(type));
  code.zero({ address: work, offset: 0 }, workLayout.stack + sizeOf(type));
  const pid = ir.binary("lshr", taskIds(code, false), ir.const(32));
  ir.store(4, work, workLayout.stack, pid);
  const key = ir.slotAddress(ir.slot(4, 4));
  ir.store(4, key, 0, pid);
  const process = ir.call(helpers.mapLookupElem.id, [ir.map(unwindMaps.processes.name), key], "memory-or-null");
  code.branch(
    "eq",
    process,
    ir.const(0),
    () => code.warning("Error reading dw_ustack: the process is not one of those that -p, -c and --dwarf-pid name.", undefined, undefined, "always"),
    () => unwind(code, type, work, process, pid),
  );
  return memoryOperand(type, work, workLayout.stack);
}

function unwind(code: Code, type: StackType, work: Value, process: Value, pid: Value): void {
  const { ir } = code;
  copyRegisters(code, work);
  const instances = returnInstances(code.target.kernelTypes);
  if (instances !== undefined) leaveTrampoline(code, instances, work);
  const frame = ir.slotAddress(ir.slot(stepFrame.size));
  ir.store(8, frame, stepFrame.work, work);
  ir.store(8, frame, stepFrame.process, process);
  const step = code.shared(`unwind_${type.limit}`, ["int", "stack"], (builder) => fillUnwindStep(builder, type, instances));
  ir.call(helpers.loop.id, [ir.const(type.limit), ir.functionAddress(step), frame, ir.const(0)]);
  code.branch("ne", ir.load(8, work, workLayout.miss), ir.const(0), () => reportMiss(code, process, pid), () => undefined);
}

/** In a uretprobe the task is where the kernel let the function return to, instead of its caller. */
function leaveTrampoline({ ir }: Code, instances: ReturnInstances, work: Value): void {
  const [pointer, stack] = [workLayout.registers + offsetOf("ip"), workLayout.registers + offsetOf("sp")];
  readFirstInstance(ir, instances, ir.call(helpers.getCurrentTaskBtf.id, [], "btf"), work, workLayout.instance);
  const place = ir.offset(ir.load(8, work, stack), -8);
  ir.store(8, work, pointer, realReturnAddress(ir, instances, work, workLayout.instance, place, ir.load(8, work, pointer)));
}

/** User space learns once of what it does not know, until it has looked. */
function reportMiss(code: Code, process: Value, pid: Value): void {
  const { ir } = code;
  ir.atomicAdd(8, process, processLayout.misses, ir.const(1));
  code.branch("eq", ir.load(4, process, processLayout.reported), ir.const(0), () => {
    ir.store(4, process, processLayout.reported, ir.const(1));
    code.event(unwindMissAction, {}, [{ operand: scalarOperand(uint32, pid), as: uint32 }]);
  }, () => undefined);
}

function offsetOf(register: string): number {
  return present(registerOffset("x64", register), `register ${register}`);
}

/** Requested privilege level in the code segment register: 3 is user mode. */
const privilegeBits = 3;

/** The registers of the task in user space: those of the event, or where the kernel saved them when it was entered. */
function copyRegisters(code: Code, work: Value): void {
  if (code.point.context !== "registers") return copySavedRegisters(code, work);
  const level = code.ir.binary("and", code.register("cs"), code.ir.const(privilegeBits));
  code.branch(
    "eq",
    level,
    code.ir.const(privilegeBits),
    () => {
      for (const [i, name] of registerNames("x64").entries()) code.ir.store(8, work, workLayout.registers + i * 8, code.register(name));
    },
    () => copySavedRegisters(code, work),
  );
}

function copySavedRegisters({ ir }: Code, work: Value): void {
  const task = ir.call(helpers.getCurrentTaskBtf.id, [], "btf");
  const saved = ir.call(helpers.taskPtRegs.id, [task], "btf");
  ir.call(helpers.probeReadKernel.id, [ir.offset(work, workLayout.registers), ir.const(registersSize), saved]);
}

const dwUstack = builtin({
  names: ["dw_ustack"],
  form: "both",
  doc:
    "The user stack of the current task, unwound with the .eh_frame tables of its program and libraries: for programs that are built without frame pointers. " +
    "The process must be one that -p, -c or --dwarf-pid names. A frame that can't be unwound is followed by `<unwind failure>`, and ends the stack. x86_64 only; unstable.",
  signature: "stack dw_ustack([mode,] [int limit])",
  example: "profile:hz:99 /pid == cpid/ { @[dw_ustack(perf, 8)] = count(); }",
  parameters: stackParameters,
  required: 0,
  usesContext: true,
  type: (site) => stackType(site, "user", "tables"),
  check,
  lower: (code, call) => lower(code, call.type.kind === "stack" ? call.type : { kind: "stack", space: "user", walk: "tables", mode: "bpftrace", limit: 1 }),
});

/** An address in no mapping: the process may have new ones. */
const miss: ActionDef = {
  name: unwindMissAction,
  prepare: ({ fields }, host) => {
    const [field] = fields;
    return (view, at) => {
      const pid = field === undefined ? undefined : host.decode(view, at, field);
      if (pid?.kind === "int") host.mappingsChanged(Number(pid.value));
    };
  },
};

export const unwindFunctions: readonly BuiltinDef[] = [dwUstack];
export const unwindActions: readonly ActionDef[] = [miss];
