// comm: the name of the current thread, or of another task.

import { helpers } from "../../bpf/helpers.ts";
import { present } from "../../base/invariant.ts";
import { type BuiltinDef, builtin, type CallSite } from "../../define/builtin.ts";
import { type Code, memoryOperand, type Place, scalarOperand } from "../../define/code.ts";
import type { Value } from "../../ir/model.ts";
import type { Expression } from "../../syntax/ast.ts";
import { int64, stringType } from "../../types/type.ts";
import { taskField } from "./family.ts";

/** TASK_COMM_LEN. */
const commSize = 16;

/** Storage of the name of another task, or of what stands for it. */
const otherSize = 64;

function storeComm(code: Code, to: Place): void {
  code.ir.call(helpers.getCurrentComm.id, [code.ir.offset(to.address, to.offset), code.ir.const(commSize)]);
}

// ---- other tasks ------------------------------------------------------------------------------------------

/** Kernel functions that find a task by its id and let go of it (kernel/bpf/helpers.c, Linux 6.2). */
const findTask = "bpf_task_from_pid";
const releaseTask = "bpf_task_release";

function hasFindTask(target: CallSite["target"]): boolean {
  return target.kernelTypes?.functionModules(findTask).includes("vmlinux") ?? false;
}

function warn(code: Code, format: string, id: Value): void {
  code.event("warnf", { format }, [{ operand: scalarOperand(int64, id), as: int64 }]);
}

/** The text in otherSize bytes; zeros follow. */
function storeText(code: Code, text: string, to: Value): void {
  for (let i = 0; i < text.length; i++) code.ir.store(1, to, i, code.ir.const(text.charCodeAt(i)));
}

function lowerOther(code: Code, argument: Expression): Value {
  const { ir } = code;
  const id = code.integer(argument);
  const to = code.temporary(otherSize);
  code.zero({ address: to, offset: 0 }, otherSize);
  const field = taskField(code.target, "comm");
  if (!hasFindTask(code.target) || field === undefined) {
    storeText(code, "[unknown]", to);
    warn(code, `comm(%d): this kernel has no function ${findTask} (Linux 6.2)`, id);
    return to;
  }
  const task = ir.callKfunc(findTask, [id], "btf");
  const missing = () => {
    storeText(code, "N/A", to);
    warn(code, "comm(%d): there is no such task", id);
  };
  code.branch("eq", task, ir.const(0), missing, () => {
    code.probeRead("kernel", to, ir.const(commSize), ir.offset(task, field.offset));
    ir.callKfunc(releaseTask, [task]);
  });
  return to;
}

function checkOther(site: CallSite): void {
  if (site.arguments.length === 0 || !hasFindTask(site.target)) return;
  if (site.target.allowsKernelFunction(findTask, site.point.program)) return;
  site.error("builtin-place", `comm() of another task can't be used with '${site.point.provider}' probes: the kernel does not allow ${findTask} there`);
}

const comm = builtin({
  names: ["comm"],
  form: "both",
  doc: "Name of the current thread; `comm(pid)`: of the task with that id in the initial PID namespace, `N/A` when there is none.",
  signature: "string[16] comm\nstring[64] comm(int pid)",
  example: "begin { print(comm); }",
  parameters: [{ name: "pid", kind: "int" }],
  required: 0,
  type: (site) => stringType(site.arguments.length === 0 ? commSize : otherSize),
  check: checkOther,
  lower: (code, call) => {
    const [other] = call.arguments;
    if (other !== undefined) return memoryOperand(stringType(otherSize), lowerOther(code, other));
    const address = code.temporary(commSize);
    storeComm(code, { address, offset: 0 });
    return memoryOperand(stringType(commSize), address);
  },
  lowerInto: (code, call, as, to) => {
    if (as.kind !== "string" || as.size < commSize || call.arguments.length > 0) {
      const operand = present(comm.lower(code, call), "name");
      code.store(operand, as, to);
      return;
    }
    storeComm(code, to);
    if (as.size > commSize) code.zero({ address: to.address, offset: to.offset + commSize }, as.size - commSize);
  },
});

export const nameVariables: readonly BuiltinDef[] = [comm];
