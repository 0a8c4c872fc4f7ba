// Type information of the kernel and of its modules (/sys/kernel/btf), read when it is first asked for.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkBtf } from "../formats/btf/check.ts";
import { joinBtf } from "../formats/btf/join.ts";
import { btfKinds, BtfReader } from "../formats/btf/reader.ts";
import { BtfTypes } from "../formats/btf/types.ts";
import { mapKernelFile, readKernelFile } from "../sys/kernel-file.ts";
import { lazy } from "./lazy.ts";

export interface KernelBtf {
  readonly reader: BtfReader;
  readonly types: BtfTypes;
}

const folder = "/sys/kernel/btf";

interface VmlinuxBtf extends KernelBtf {
  readonly bytes: Uint8Array;
}

/** Linux 6.16 and later let it be mapped. */
function kernelBytes(): Uint8Array {
  const file = join(folder, "vmlinux");
  return mapKernelFile(file) ?? readKernelFile(file);
}

/** The kernel's own; null when there is none. */
export const vmlinuxBtf = lazy((): VmlinuxBtf | null => {
  try {
    const given = process.env["BPFTRACE_BTF"];
    const bytes = given === undefined ? kernelBytes() : readFileSync(given);
    const reader = new BtfReader(bytes);
    if (given !== undefined) checkBtf(reader);
    return { bytes, reader, types: new BtfTypes(reader) };
  } catch {
    // No BTF: types of the kernel are then unknown, which is said where one is asked for.
    return null;
  }
});

const modules = new Map<string, KernelBtf | null>();

/** Types of a module, which include the kernel's; null when there are none. */
export function moduleBtf(name: string): KernelBtf | null {
  if (name === "vmlinux") return vmlinuxBtf();
  const known = modules.get(name);
  if (known !== undefined) return known;
  const made = readModule(name);
  modules.set(name, made);
  return made;
}

function readModule(name: string): KernelBtf | null {
  const kernel = vmlinuxBtf();
  if (kernel === null) return null;
  try {
    const reader = new BtfReader(joinBtf(kernel.bytes, readKernelFile(join(folder, name))));
    return { reader, types: new BtfTypes(reader, kernel.types) };
  } catch {
    // The module has no type information, or is gone.
    return null;
  }
}

/** Names of the modules with type information, the kernel itself first. */
export function modulesWithBtf(): readonly string[] {
  try {
    return ["vmlinux", ...readdirSync(folder).filter((name) => name !== "vmlinux").sort()];
  } catch {
    // No BTF at all.
    return [];
  }
}

/** BTF id of a function; of a module only its own ones count. */
export function functionId(name: string, module: string): number | undefined {
  const btf = moduleBtf(module);
  const id = btf?.reader.find(btfKinds.func, name);
  return id;
}
