// Targets of the form ARCHIVE!/MEMBER: an ELF file stored in a ZIP archive, which programs map from there.

import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { ElfFile } from "../formats/elf/elf.ts";
import { findZipMember } from "../formats/zip.ts";

const mark = "!/";

export interface MemberPath {
  readonly archive: string;
  readonly member: string;
}

/** Undefined when the path is that of a file, or names no archive. */
export function splitMemberPath(path: string): MemberPath | undefined {
  const at = path.indexOf(mark);
  if (at <= 0 || isFile(path)) return undefined;
  return { archive: path.slice(0, at), member: path.slice(at + mark.length) };
}

/** The file that a target is in: itself, or its archive. */
export function containingFile(path: string): string {
  return splitMemberPath(path)?.archive ?? path;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

export type OpenedMember =
  | { readonly kind: "elf"; readonly elf: ElfFile; /** Of the member in the archive. */ readonly offset: number }
  | { readonly kind: "unusable"; readonly why: string };

/** Reads an ELF file out of its archive; `why` says what is in the way. */
export function openMember({ archive, member }: MemberPath): OpenedMember {
  if (!isFile(archive)) return { kind: "unusable", why: `there is no archive ${archive}` };
  const fd = openSync(archive, "r");
  try {
    const read = (offset: number, length: number) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
    };
    const found = findZipMember({ size: fstatSync(fd).size, read }, member);
    if (found.kind === "unusable") return found;
    const elf = ElfFile.parse(read(found.offset, found.size));
    return elf === undefined ? { kind: "unusable", why: "the member is no ELF file" } : { kind: "elf", elf, offset: found.offset };
  } finally {
    closeSync(fd);
  }
}
