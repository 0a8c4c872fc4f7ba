// Names of user addresses, also of processes that have ended: mappings, then the symbols of the mapped file.

import { readdirSync } from "node:fs";
import { toByteString } from "../base/byte-string.ts";
import { MalformedFile } from "../formats/malformed-file.ts";
import { TaskEvents } from "../sys/task-events.ts";
import { demangle } from "./demangle/demangle.ts";
import { JitMaps } from "./jit-map.ts";
import { fileOffsetOf, type Mapping, pageOf } from "./mappings.ts";
import { openIdentified } from "./open-elf.ts";
import { ProcessMaps } from "./process-maps.ts";
import { ProcessRoots } from "./process-roots.ts";
import { SymbolFile } from "./symbol-file.ts";
import type { SplitFilesOf } from "./split-files.ts";
import type { UserFrame, UserSymbolSource } from "./user-frame.ts";
import { readVdso, type Vdso, vdsoName } from "./vdso.ts";

export interface UserSymbolOptions {
  /** Readable names instead of mangled ones. */
  readonly demangles: boolean;
  /** Searched first for separate debug files. */
  readonly debugFolders: readonly string[];
  /** Where details of debug information are that a file does not have itself. */
  readonly splitFiles: SplitFilesOf;
  /**
   * How long a file's symbols count for a mapping: a process's own ones are looked up once (PER_PID), those of a program once for all
   * its processes (PER_PROGRAM), or every time (NONE).
   */
  readonly cache: "PER_PID" | "PER_PROGRAM" | "NONE";
  /** Looks up source lines and inlined functions. */
  readonly showsSource: boolean;
}

const unknownFrame: UserFrame = { name: undefined, offset: 0n, module: undefined, source: undefined, inlined: [] };

/** Milliseconds that one call of poll() spends on reading mappings of processes that run already. */
const captureSlice = 5;
/** Known addresses at most; then all are forgotten. */
const frameLimit = 200_000;

export class UserSymbols implements UserSymbolSource {
  private readonly options: UserSymbolOptions;
  private readonly roots = new ProcessRoots();
  private maps: ProcessMaps;
  private events: TaskEvents | undefined;
  /** Processes that ran when we began to listen, and are not captured yet. */
  private waiting: number[] = [];
  private readonly files = new Map<string, SymbolFile>();
  private readonly filesOfMappings = new WeakMap<Mapping, { readonly file: SymbolFile | undefined }>();
  private readonly filesOfPrograms = new Map<string, SymbolFile>();
  private readonly jit = new JitMaps();
  /** Null: looked for and not there. */
  private vdso: { readonly symbols: SymbolFile; readonly pages: number } | null | undefined;
  /** Readable names of symbols that were shown. */
  private readonly names = new Map<string, string>();
  private readonly frames = new Map<number, Map<bigint, UserFrame>>();
  private frameCount = 0;

  constructor(options: UserSymbolOptions) {
    this.options = options;
    this.maps = new ProcessMaps((pid) => this.roots.readMaps(pid), false);
  }

  /** From now on processes are known that end before their symbols are asked for; `first` are those that matter most. */
  listen(cpus: readonly number[], first: readonly number[]): void {
    this.events = TaskEvents.open(cpus);
    this.maps = new ProcessMaps((pid) => this.roots.readMaps(pid), this.events !== undefined);
    for (const pid of first) this.maps.capture(pid);
    this.waiting = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number);
  }

  remember(pid: number): void {
    this.maps.refresh(pid);
    this.frames.delete(pid);
  }

  /** Takes what happened meanwhile; called now and then while listening. */
  poll(): void {
    this.drain();
    const end = process.uptime() * 1000 + captureSlice;
    while (this.waiting.length > 0 && process.uptime() * 1000 < end) {
      const pid = this.waiting.pop();
      if (pid !== undefined) this.maps.capture(pid);
    }
  }

  close(): void {
    this.events?.close();
    this.events = undefined;
    this.roots.close();
  }

  /** Reads the symbols of files and of what processes have mapped before they are asked for. */
  preload(paths: readonly string[], pids: readonly number[]): void {
    for (const path of paths) this.openAt(path)?.load();
    for (const pid of pids) for (const mapping of this.maps.mappings(pid)) this.fileOf(pid, mapping)?.load();
  }

  /** Name of the symbol that contains an address, of a function or of data. */
  name(pid: number, address: bigint): string | undefined {
    return this.frame(pid, address, false).name ?? this.dataName(pid, address);
  }

  /** What is at an address; `isReturn`: it is where a call returns to, so that the source is that of the call. */
  frame(pid: number, address: bigint, isReturn: boolean): UserFrame {
    this.drain();
    if (this.options.cache === "NONE") {
      this.maps.refresh(pid);
      return this.locate(pid, address, isReturn);
    }
    const process = this.frames.get(pid) ?? new Map<bigint, UserFrame>();
    this.frames.set(pid, process);
    const key = isReturn ? -address : address;
    const known = process.get(key);
    if (known !== undefined) return known;
    const found = this.locate(pid, address, isReturn);
    this.frameCount += 1;
    if (this.frameCount > frameLimit) {
      this.frames.clear();
      this.frameCount = 0;
    }
    process.set(key, found);
    return found;
  }

  private drain(): void {
    if (this.events === undefined) return;
    const { events, lost } = this.events.drain();
    if (lost) {
      this.maps.forgetRunning();
      this.frames.clear();
    }
    for (const event of events) {
      this.maps.apply(event);
      if (event.kind !== "exit") this.frames.delete(event.pid);
    }
  }

  private locate(pid: number, address: bigint, isReturn: boolean): UserFrame {
    const mapping = this.maps.find(pid, pageOf(address));
    if (mapping === undefined) return unknownFrame;
    const module = mapping.path === "" ? undefined : mapping.path;
    const file = this.fileOf(pid, mapping);
    if (file === undefined) return this.generated(pid, address, module);
    const virtual = file.codeAddress(fileOffsetOf(mapping, address));
    const symbol = virtual === undefined ? undefined : this.symbolAt(file, virtual);
    if (symbol === undefined || virtual === undefined) return { ...unknownFrame, module };
    const source = this.options.showsSource ? file.sourceAt(isReturn ? virtual - 1n : virtual) : undefined;
    return {
      name: this.readable(symbol.name),
      offset: virtual - BigInt(symbol.address),
      module,
      source: sourceText(source?.place),
      inlined: (source?.inlined ?? []).map(({ name, place }) => ({ name: this.readable(name), source: sourceText(place) })),
    };
  }

  private symbolAt(file: SymbolFile, virtual: bigint): { readonly name: string; readonly address: number } | undefined {
    try {
      return file.symbolAt(virtual);
    } catch (problem) {
      // It was replaced since it was opened: what is there now says nothing about what was mapped.
      if (problem instanceof MalformedFile) return undefined;
      throw problem;
    }
  }

  /** Code that the process made itself. */
  private generated(pid: number, address: bigint, module: string | undefined): UserFrame {
    const path = this.roots.jitMap(pid, this.maps.isRunning(pid));
    const symbol = this.jit.find(path, address);
    if (symbol === undefined) return { ...unknownFrame, module };
    const shown = toByteString(path.slice(path.lastIndexOf("/tmp/")));
    return { ...unknownFrame, name: symbol.name, offset: address - symbol.address, module: shown };
  }

  /** Variables: not mapped as code, but in the memory of a file whose code is mapped. */
  private dataName(pid: number, address: bigint): string | undefined {
    for (const mapping of this.maps.mappings(pid)) {
      const file = this.fileOf(pid, mapping);
      const first = file?.codeAddress(BigInt(mapping.offset) << 12n);
      if (file === undefined || first === undefined) continue;
      const virtual = address - ((BigInt(mapping.start) << 12n) - first);
      if (!file.file.isLoaded(virtual)) continue;
      const symbol = this.symbolAt(file, virtual);
      if (symbol !== undefined) return this.readable(symbol.name);
    }
    return undefined;
  }

  private fileOf(pid: number, mapping: Mapping): SymbolFile | undefined {
    if (mapping.path === vdsoName) {
      const vdso = this.openVdso();
      return vdso?.pages === mapping.end - mapping.start ? vdso.symbols : undefined;
    }
    if (mapping.inode === 0 || !mapping.path.startsWith("/")) return undefined;
    if (this.options.cache === "NONE") return this.openMapped(pid, mapping);
    const known = this.filesOfMappings.get(mapping);
    if (known !== undefined) return known.file;
    const program = `${mapping.device} ${mapping.inode} ${mapping.path}`;
    const shared = this.options.cache === "PER_PROGRAM" ? this.filesOfPrograms.get(program) : undefined;
    const file = shared ?? this.openMapped(pid, mapping);
    this.filesOfMappings.set(mapping, { file });
    if (file !== undefined && this.options.cache === "PER_PROGRAM") this.filesOfPrograms.set(program, file);
    return file;
  }

  private openMapped(pid: number, mapping: Mapping): SymbolFile | undefined {
    const path = this.roots.find(pid, mapping, this.maps.isRunning(pid));
    return path === undefined ? undefined : this.openAt(path);
  }

  /** A file that is the same one, and unchanged, is read once. */
  private openAt(path: string): SymbolFile | undefined {
    const opened = openIdentified(path);
    if (opened === undefined) return undefined;
    const known = this.files.get(opened.identity);
    if (known !== undefined) return known;
    const made = new SymbolFile(opened.file, path, this.options.debugFolders, this.options.splitFiles);
    this.files.set(opened.identity, made);
    return made;
  }

  private openVdso(): { readonly symbols: SymbolFile; readonly pages: number } | undefined {
    if (this.vdso === undefined) {
      const read: Vdso | undefined = readVdso();
      this.vdso = read === undefined ? null : { symbols: new SymbolFile(read.file, vdsoName, this.options.debugFolders, this.options.splitFiles), pages: read.pages };
    }
    return this.vdso ?? undefined;
  }

  private readable(symbol: string): string {
    if (!this.options.demangles) return symbol;
    const known = this.names.get(symbol);
    if (known !== undefined) return known;
    const name = demangle(symbol) ?? symbol;
    this.names.set(symbol, name);
    return name;
  }
}

function sourceText(place: { readonly file: string; readonly line: number } | undefined): string | undefined {
  return place === undefined ? undefined : `${place.file}:${place.line}`;
}
