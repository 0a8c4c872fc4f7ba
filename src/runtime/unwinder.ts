// Keeps the unwind tables of known processes: made at the start, and again when a program meets code that was mapped since.

import { DwarfError } from "../formats/dwarf/cursor.ts";
import type { ElfFile } from "../formats/elf/elf.ts";
import { type ExecutableMapping, executableMappings, withMappedElf } from "../symbols/executable-mappings.ts";
import { RecipeTable } from "../symbols/unwind-recipes.ts";
import { readUnwindTable } from "../symbols/unwind-table.ts";
import { type TablePiece, UnwindMaps, type UnwindMapping } from "./unwind-maps.ts";

/** A file's table in the kernel. */
interface KnownFile {
  readonly pieces: readonly TablePiece[];
  /** Virtual address of the code at an offset of the file. */
  codeAddress(offset: bigint): bigint | undefined;
}

interface KnownProcess {
  /** Text that stands for all its mappings. */
  readonly mappings: string;
  /** Waits before it is looked at again in vain. */
  readonly patience: number;
}

const firstPatience = 100;
const longestPatience = 10_000;

export class Unwinder {
  private readonly maps: UnwindMaps;
  private readonly recipes = new RecipeTable();
  private readonly files = new Map<string, KnownFile | undefined>();
  private readonly processes = new Map<number, KnownProcess>();
  private readonly timers = new Map<number, NodeJS.Timeout>();
  private readonly complain: (message: string) => void;
  private rows = 0;
  private missesOfEnded = 0n;
  private warnedOfRoom = false;

  constructor(maps: ReadonlyMap<string, number>, complain: (message: string) => void) {
    this.maps = new UnwindMaps(maps);
    this.complain = complain;
  }

  /** Makes the tables of a process. Throws when there is no such process. */
  add(pid: number): void {
    this.describe(pid, executableMappings(pid), firstPatience);
  }

  /** A program met an address of the process that is in no known mapping. */
  mappingsChanged(pid: number): void {
    const known = this.processes.get(pid);
    if (known === undefined || this.timers.has(pid)) return;
    let mappings: readonly ExecutableMapping[];
    try {
      mappings = executableMappings(pid);
    } catch {
      // It has ended: what comes under its number later is another process.
      this.missesOfEnded += this.maps.misses(pid);
      this.processes.delete(pid);
      this.maps.removeProcess(pid);
      return;
    }
    if (textOf(mappings) !== known.mappings) return this.describe(pid, mappings, firstPatience);
    // Nothing new: the address is none of the program's. Others will be as wrong, so programs tell of the next one after a while.
    const timer = setTimeout(() => {
      this.timers.delete(pid);
      this.describe(pid, mappings, Math.min(known.patience * 2, longestPatience));
    }, known.patience);
    timer.unref();
    this.timers.set(pid, timer);
  }

  /** What the tables take, for -v. */
  summary(): string {
    const { size } = this.maps;
    const files = [...this.files.values()].filter((file) => file !== undefined).length;
    return `Unwind tables: ${this.processes.size} processes, ${files} files, ${this.rows} rows (${size / 1024} KiB), ${this.recipes.size} recipes, ${this.recipes.untold} rows without one`;
  }

  /** Addresses of all processes that were in no mapping. */
  misses(): bigint {
    return [...this.processes.keys()].reduce((sum, pid) => sum + this.maps.misses(pid), this.missesOfEnded);
  }

  close(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    this.maps.close();
  }

  private describe(pid: number, mappings: readonly ExecutableMapping[], patience: number): void {
    const described = mappings.flatMap((mapping) => this.describeMapping(pid, mapping));
    this.maps.writeRecipes(this.recipes);
    const left = this.maps.setProcess(pid, described);
    if (left > 0) this.complain(`Process ${pid} has more code than can be unwound: ${left} mappings are left out.`);
    this.processes.set(pid, { mappings: textOf(mappings), patience });
  }

  /** The parts of a mapping: those with rows, and those without. */
  private describeMapping(pid: number, mapping: ExecutableMapping): readonly UnwindMapping[] {
    const { start, end, offset } = mapping;
    const whole: UnwindMapping = { start, end, piece: undefined, bias: 0n };
    const file = this.fileOf(pid, mapping);
    const address = file?.codeAddress(offset);
    if (file === undefined || address === undefined) return [whole];
    const bias = start - address;
    const parts: UnwindMapping[] = [];
    let at = start;
    for (const piece of file.pieces) {
      const from = max(BigInt(piece.start) + bias, at);
      const to = min(BigInt(piece.end) + bias, end);
      if (from >= to) continue;
      if (from > at) parts.push({ start: at, end: from, piece: undefined, bias });
      parts.push({ start: from, end: to, piece, bias });
      at = to;
    }
    if (at < end) parts.push({ start: at, end, piece: undefined, bias });
    return parts;
  }

  private fileOf(pid: number, mapping: ExecutableMapping): KnownFile | undefined {
    const { identity } = mapping;
    if (identity === undefined) return undefined;
    if (!this.files.has(identity)) this.files.set(identity, withMappedElf(pid, mapping, (file) => this.readFile(file, mapping.path)));
    return this.files.get(identity);
  }

  private readFile(file: ElfFile, path: string): KnownFile | undefined {
    try {
      const table = readUnwindTable(file, this.recipes);
      const pieces = this.maps.addTable(table);
      if (pieces === undefined) {
        if (!this.warnedOfRoom) this.complain(`There is no room for the unwind table of ${path}: its frames can't be unwound.`);
        this.warnedOfRoom = true;
        return undefined;
      }
      this.rows += table.addresses.length;
      return { pieces, codeAddress: file.codeAddresses() };
    } catch (problem) {
      if (!(problem instanceof DwarfError)) throw problem;
      this.complain(`The unwind information of ${path} can't be read: ${problem.message}.`);
      return undefined;
    }
  }
}

function textOf(mappings: readonly ExecutableMapping[]): string {
  return mappings.map(({ start, end, offset, identity }) => `${start} ${end} ${offset} ${identity ?? ""}`).join("\n");
}

function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
