// Which kernel functions (kfuncs) a kind of program may call: a program that calls one is offered to the verifier.

import type { BpfInstruction } from "../bpf/instruction.ts";
import type { ProgramKind } from "../define/attach-spec.ts";
import { attachTypes, programTypes } from "../define/attach-spec.ts";
import { btfKinds, type BtfReader } from "../formats/btf/reader.ts";
import { closeFd } from "../sys/memory.ts";
import { offerProgram } from "./offer-program.ts";

/** The verifier looks at the list of allowed functions before it looks at arguments (kernel/bpf/verifier.c, check_kfunc_call). */
const refusal = /is not allowed|cannot call kernel function|is not a kernel function/;

/** A raw tracepoint that every kernel has: typed programs must name one. */
const anyTracepoint = "btf_trace_sys_enter";

export function allowsKernelFunction(btf: BtfReader | undefined, name: string, program: ProgramKind): boolean {
  const id = btf?.find(btfKinds.func, name);
  if (btf === undefined || id === undefined) return false;
  const tracing = program.type === programTypes.tracing;
  const code: readonly BpfInstruction[] = [
    { op: "call", kind: "kfunc", target: id, module: 0 },
    { op: "alu", operation: "mov", width: 64, register: 0, source: { kind: "immediate", value: 0 } },
    { op: "exit" },
  ];
  const kind = tracing ? { type: program.type, expectedAttach: attachTypes.traceRawTp } : program;
  const attachBtfId = tracing ? (btf.find(btfKinds.typedef, anyTracepoint) ?? 0) : 0;
  const result = offerProgram(kind, code, attachBtfId);
  if (!result.ok) return result.log !== "" && !refusal.test(result.log);
  closeFd(result.fd);
  return true;
}
