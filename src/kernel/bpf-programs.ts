// BPF programs that are loaded now and have type information: what fentry and fexit can be put on, beside the kernel's functions.

import type { BpfProgram } from "../define/target.ts";
import { prototypeC } from "../formats/btf/c-spelling.ts";
import { BtfReader } from "../formats/btf/reader.ts";
import { BtfTypes } from "../formats/btf/types.ts";
import { MalformedFile } from "../formats/malformed-file.ts";
import { btfBytes, loadedProgramIds, type ProgramInfo, programInfo } from "../sys/bpf-objects.ts";

/** By id; programs that go meanwhile are left out. */
export function loadedPrograms(): readonly BpfProgram[] {
  return [...loadedProgramIds()].flatMap((id) => {
    const info = programInfo(id);
    const program = info === undefined ? undefined : describeProgram(id, info);
    return program ?? [];
  });
}

function describeProgram(id: number, { type, btfId, functionTypes }: ProgramInfo): BpfProgram | undefined {
  const bytes = btfId === 0 ? undefined : btfBytes(btfId);
  const btf = bytes === undefined ? undefined : readBtf(bytes);
  if (btf === undefined) return undefined;
  const types = new BtfTypes(btf);
  const functions = functionTypes.map((typeId) => {
    const name = btf.name(typeId);
    return {
      name,
      typeId,
      prototype: () => types.prototype(name),
      declaration: () => prototypeC(btf, typeId),
    };
  });
  return { id, type, functions };
}

function readBtf(bytes: Uint8Array): BtfReader | undefined {
  try {
    return new BtfReader(bytes);
  } catch (problem) {
    // A newer kernel may have kinds of types that are not known here.
    if (problem instanceof MalformedFile) return undefined;
    throw problem;
  }
}
