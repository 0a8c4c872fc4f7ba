// Unwind tables in the kernel: the maps, and the records in them that user space writes and programs read (x86-64).
//
//   unwind_processes   process id -> UnwindProcess: its executable mappings, sorted, each with a piece of a table
//   unwind_segments    segment -> map with one value: rows {u32 address; u32 recipe}, sorted within each piece
//   unwind_recipes     one value: how to get from a frame to its caller, by the recipe's number
//
// A file has one table, however many processes map it. Tables lie one after the other in the segments, which are made as they are needed; a
// table that goes on in the next segment is two pieces. Addresses of rows count from the beginning of their piece.

import { mapFlags, mapTypes } from "../bpf/map-types.ts";
import type { HostMap, MapShape } from "./host-map.ts";

/** Rows of a segment (512 KiB), a power of two. */
export const segmentRows = 1 << 16;
export const maximumSegments = 1 << 10;
/** A power of two; libraries and programs share most of theirs: a large system has about a thousand. */
export const maximumRecipes = 1 << 12;
/** Executable mappings of a process, a power of two. */
export const maximumMappings = 1 << 10;
const maximumProcesses = 1 << 10;

/** u32 mappings | u32 reported: user space knows of a miss | u64 misses | mappings. A miss is an address in no mapping. */
export const processLayout = { count: 0, reported: 4, misses: 8, mappings: 16, mappingSize: 32 } as const;
/** u64 start | u64 end | u64 what to subtract from an address | u32 segment * segmentRows + first row | u32 rows, 0: no table. */
export const mappingLayout = { start: 0, end: 8, delta: 16, place: 24, rows: 28 } as const;
export const rowLayout = { address: 0, recipe: 4, size: 8 } as const;

/**
 * How to find the caller. Registers are offsets in struct pt_regs; `frame` and `base`: where the caller's rbp and rbx are.
 *
 *   u8 kind | u8 register | u8 frame | u8 base | u32 flags | s32 offset | s32 frameOffset | s32 baseOffset | s32 addend | s32 returnOffset | u32 0
 */
export const recipeLayout = {
  kind: 0, register: 1, frame: 2, base: 3, flags: 4, offset: 8, frameOffset: 12, baseOffset: 16, addend: 20, returnOffset: 24, size: 32,
} as const;

/** The stack pointer after the return (canonical frame address). */
export const recipeKinds = {
  /** Not known: the stack ends in a failure. The recipe 0 is of this kind. */
  unknown: 0,
  /** register + offset */
  sum: 1,
  /** *(register + offset) + addend */
  loaded: 2,
  /** register + offset, and 8 more when the low four bits of the instruction pointer are at least `addend`. */
  linkage: 3,
  /** There is no caller. */
  outermost: 4,
} as const;

export const savedRules = {
  same: 0,
  /** At the canonical frame address + an offset. */
  fromCfa: 1,
  /** At register + an offset. */
  fromRegister: 2,
  lost: 3,
} as const;

export const recipeFlags = {
  /** The register is known in the innermost frame only. */
  innermost: 1,
  /** The return address is at register + returnOffset, else at the canonical frame address + returnOffset. */
  returnFromRegister: 2,
  /** The caller was interrupted: its address is no return address. */
  interrupted: 4,
} as const;

/** One map for each segment. */
const segment: MapShape = { type: mapTypes.array.id, keySize: 4, valueSize: segmentRows * rowLayout.size, maxEntries: 1, flags: 0 };

export const unwindMaps = {
  processes: {
    name: "unwind_processes",
    type: mapTypes.hash.id,
    keySize: 4,
    valueSize: processLayout.mappings + maximumMappings * processLayout.mappingSize,
    maxEntries: maximumProcesses,
    // A record is replaced, never changed where programs may be reading it.
    flags: mapFlags.noPreallocation,
    inner: undefined,
  },
  segments: { name: "unwind_segments", type: mapTypes.arrayOfMaps.id, keySize: 4, valueSize: 4, maxEntries: maximumSegments, flags: 0, inner: segment },
  recipes: {
    name: "unwind_recipes",
    type: mapTypes.array.id,
    keySize: 4,
    valueSize: maximumRecipes * recipeLayout.size,
    maxEntries: 1,
    flags: 0,
    inner: undefined,
  },
} as const satisfies Record<string, HostMap>;

/** In the second word of a user stack: its last frame could not be unwound. */
export const stackIsIncomplete = 1;

/** The action of a program that meets an address which no mapping of its process has. One uint32 field: the process id. */
export const unwindMissAction = "unwind_miss";
