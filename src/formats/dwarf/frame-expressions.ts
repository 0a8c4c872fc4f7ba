// DWARF expressions in call frame information. Compilers, linkers and libraries use few: they are recognised by their form, because programs
// in the kernel compute forms, not expressions.

import { Cursor, DwarfError } from "./cursor.ts";

/** DWARF number of a register. */
export type Register = number;

/** A way to compute an address. */
export type AddressForm =
  /** register + offset */
  | { readonly form: "sum"; readonly register: Register; readonly offset: number }
  /** *(register + offset) + addend: a saved stack pointer, of signal frames and of functions that align their stack. */
  | { readonly form: "loaded"; readonly register: Register; readonly offset: number; readonly addend: number }
  /**
   * register + offset + ((instruction pointer & 15) >= threshold ? 8 : 0): an entry of a procedure linkage table, which pushes a number in
   * the middle of its 16 bytes.
   */
  | { readonly form: "linkage"; readonly register: Register; readonly offset: number; readonly threshold: number };

/** DW_OP */
const operations = { deref: 0x06, and: 0x1a, plus: 0x22, plusConstant: 0x23, shiftLeft: 0x24, ge: 0x2a, literal0: 0x30, literal31: 0x4f, register0: 0x70, register31: 0x8f } as const;
const instructionPointer: Register = 16;

/** The form of an expression; undefined when it is none of the known ones. */
export function readAddressForm(bytes: Buffer): AddressForm | undefined {
  try {
    return recognise(new Cursor(bytes));
  } catch (problem) {
    if (problem instanceof DwarfError) return undefined;
    throw problem;
  }
}

function recognise(cursor: Cursor): AddressForm | undefined {
  const base = readBased(cursor);
  if (base === undefined) return undefined;
  const atEnd = (): boolean => cursor.at === cursor.bytes.length;
  if (atEnd()) return { form: "sum", ...base };
  const next = cursor.u8();
  if (next === operations.plusConstant) {
    const offset = base.offset + cursor.uleb();
    return atEnd() ? { form: "sum", register: base.register, offset } : undefined;
  }
  if (next === operations.deref) {
    if (atEnd()) return { form: "loaded", ...base, addend: 0 };
    if (cursor.u8() !== operations.plusConstant) return undefined;
    const addend = cursor.uleb();
    return atEnd() ? { form: "loaded", ...base, addend } : undefined;
  }
  cursor.at -= 1;
  return recogniseLinkage(cursor, base);
}

/** DW_OP_bregN: register and offset. */
function readBased(cursor: Cursor): { readonly register: Register; readonly offset: number } | undefined {
  const code = cursor.u8();
  if (code < operations.register0 || code > operations.register31) return undefined;
  return { register: code - operations.register0, offset: Number(cursor.sleb()) };
}

/** breg ip 0; lit15; and; lit N; ge; lit3; shl; plus */
function recogniseLinkage(cursor: Cursor, base: { readonly register: Register; readonly offset: number }): AddressForm | undefined {
  const pointer = readBased(cursor);
  if (pointer === undefined || pointer.register !== instructionPointer || pointer.offset !== 0) return undefined;
  const literal = (): number => {
    const code = cursor.u8();
    return code >= operations.literal0 && code <= operations.literal31 ? code - operations.literal0 : -1;
  };
  if (literal() !== 15 || cursor.u8() !== operations.and) return undefined;
  const threshold = literal();
  if (threshold < 0 || cursor.u8() !== operations.ge || literal() !== 3) return undefined;
  if (cursor.u8() !== operations.shiftLeft || cursor.u8() !== operations.plus || cursor.at !== cursor.bytes.length) return undefined;
  return { form: "linkage", ...base, threshold };
}
