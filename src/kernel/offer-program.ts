// Small programs offered to the verifier, to find out what it allows.

import { encodeInstructions } from "../bpf/encode.ts";
import type { BpfInstruction } from "../bpf/instruction.ts";
import type { ProgramKind } from "../define/attach-spec.ts";
import { type LoadResult, loadProgram } from "../sys/bpf.ts";

/** The result has a descriptor to close when the verifier accepts, else its log. `attachBtfId`: of what a tracing program is for. */
export function offerProgram(program: ProgramKind, code: readonly BpfInstruction[], attachBtfId = 0): LoadResult {
  return loadProgram({
    name: "offer",
    type: program.type,
    expectedAttach: program.expectedAttach,
    code: encodeInstructions(code),
    license: "GPL",
    attachBtfId,
    btfFd: 0,
    functionInfo: new Uint8Array(),
    lineInfo: new Uint8Array(),
    kernelVersion: 0,
    logLevel: 1,
    logSize: 65_536,
  });
}
