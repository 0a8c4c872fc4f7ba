// All that can be known of the addresses in an ELF file: its symbols, those that were stripped from it, its source.

import type { ElfFile } from "../formats/elf/elf.ts";
import { DwarfError } from "../formats/dwarf/cursor.ts";
import { type FoundPlace, SourcePlaces } from "../formats/dwarf/source-places.ts";
import { miniDebugFile } from "../formats/elf/mini-debug.ts";
import { type FoundSymbol, SymbolIndex } from "../formats/elf/symbol-index.ts";
import { MalformedFile } from "../formats/malformed-file.ts";
import { openDebugFile } from "./debug-file.ts";
import type { SplitFilesOf } from "./split-files.ts";

export class SymbolFile {
  readonly file: ElfFile;
  /** Virtual address of an offset in the file that is mapped as code. */
  readonly codeAddress: (offset: bigint) => bigint | undefined;
  private readonly path: string;
  private readonly debugFolders: readonly string[];
  private readonly splitFiles: SplitFilesOf;
  private index: SymbolIndex | undefined;
  /** Null: looked for and not there. */
  private debug: ElfFile | null | undefined;
  private places: SourcePlaces | null | undefined;

  /** `path` is where the file is for us, and where its debug file is searched from. */
  constructor(file: ElfFile, path: string, debugFolders: readonly string[], splitFiles: SplitFilesOf) {
    this.file = file;
    this.codeAddress = file.codeAddresses();
    this.path = path;
    this.debugFolders = debugFolders;
    this.splitFiles = splitFiles;
  }

  /** Reads the symbols, if they are not read yet. */
  load(): SymbolIndex {
    this.index ??= new SymbolIndex(this.parts());
    return this.index;
  }

  /** The symbol at a virtual address of the file. */
  symbolAt(address: bigint): FoundSymbol | undefined {
    return this.load().find(Number(address));
  }

  /** Where in the source a virtual address is; undefined without debug information about it. */
  sourceAt(address: bigint): FoundPlace | undefined {
    try {
      if (this.places === undefined) this.places = this.openPlaces() ?? null;
      return this.places?.find(Number(address));
    } catch (problem) {
      if (!(problem instanceof DwarfError || problem instanceof MalformedFile)) throw problem;
      // Damaged: nothing more is asked of it.
      this.places = null;
      return undefined;
    }
  }

  private openPlaces(): SourcePlaces | undefined {
    const files = this.splitFiles(this.path);
    const own = SourcePlaces.open(this.file, files);
    const separate = own === undefined ? this.debugFile() : undefined;
    return own ?? (separate === undefined ? undefined : SourcePlaces.open(separate, files));
  }

  /** The file and what has its stripped symbols. */
  private parts(): readonly ElfFile[] {
    if (this.file.hasFullSymbols()) return [this.file];
    const mini = this.debugFile() ?? miniDebugFile(this.file);
    return mini === undefined ? [this.file] : [this.file, mini];
  }

  /** The separate file with its debug information. */
  debugFile(): ElfFile | undefined {
    if (this.debug === undefined) this.debug = this.findDebugFile() ?? null;
    return this.debug ?? undefined;
  }

  private findDebugFile(): ElfFile | undefined {
    try {
      return openDebugFile(this.path, this.file, this.debugFolders);
    } catch (problem) {
      // It changes while it is read: without it we know what the file itself says.
      if (problem instanceof MalformedFile || (problem instanceof Error && "code" in problem)) return undefined;
      throw problem;
    }
  }
}
