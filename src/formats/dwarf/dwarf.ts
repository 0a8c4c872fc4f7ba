// Debug information of an ELF file: parameters of functions, structs by name, source lines.

import type { ElfFile } from "../elf/elf.ts";
import type { StructType, Type } from "../../types/type.ts";
import { attributes, tags } from "./constants.ts";
import { type LineTable, readLineTable } from "./lines.ts";
import { dwarfSections, type Sections } from "./sections.ts";
import { spellType } from "./spelling.ts";
import { noSplitFiles, type SplitFiles, SplitUnits } from "./split-units.ts";
import { DwarfTypes } from "./types.ts";
import { DebugInfo, type Entry, numberOf, textOf } from "./units.ts";

export interface DwarfParameter {
  readonly name: string;
  readonly type: Type;
  /** The type as C writes it, for listings. */
  readonly ctype: string;
}

export interface DwarfFunction {
  readonly parameters: readonly DwarfParameter[];
  readonly returns: Type;
}

export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** An entry with what its references lead into. */
interface Found {
  readonly info: DebugInfo;
  readonly entry: Entry;
}

interface Names {
  readonly functions: ReadonlyMap<string, Found>;
  readonly structs: ReadonlyMap<string, Found>;
}

export class Dwarf {
  private readonly section: Sections;
  private readonly info: DebugInfo;
  private readonly split: SplitUnits;
  private readonly types = new Map<DebugInfo, DwarfTypes>();
  private names: Names | undefined;
  private tables: readonly LineTable[] | undefined;

  private constructor(file: ElfFile, files: SplitFiles) {
    this.section = dwarfSections(file);
    this.info = new DebugInfo(this.section);
    this.split = new SplitUnits(this.section, files);
  }

  /** Undefined when the file has no debug information. `files`: where the details of split units are. */
  static open(file: ElfFile, files: SplitFiles = noSplitFiles): Dwarf | undefined {
    const dwarf = new Dwarf(file, files);
    return dwarf.section("info").length === 0 ? undefined : dwarf;
  }

  /** The first function of a name, by its source or its linkage name. */
  function(name: string): DwarfFunction | undefined {
    const found = this.index().functions.get(name);
    if (found === undefined) return undefined;
    const { info, entry } = found;
    const types = this.typesOf(info);
    const parameters: DwarfParameter[] = [];
    for (const child of info.children(entry)) {
      if (child.tag !== tags.formalParameter) continue;
      const described = origin(info, child);
      parameters.push({ name: textOf(described, attributes.name) ?? `arg${parameters.length}`, type: types.typeOf(described), ctype: spellType(info, described) });
    }
    return { parameters, returns: types.typeOf(origin(info, entry)) };
  }

  struct(tag: "struct" | "union", name: string): StructType | undefined {
    const found = this.index().structs.get(`${tag} ${name}`);
    return found === undefined ? undefined : this.typesOf(found.info).struct(found.entry);
  }

  /** Structs and unions that have a name and members. */
  structNames(): readonly string[] {
    return [...this.index().structs.keys()].sort();
  }

  /** The source line of an address. */
  lineAt(address: bigint): SourceLine | undefined {
    for (const { files, rows } of this.lineTables()) {
      for (let i = 0; i + 1 < rows.length; i++) {
        const [row, next] = [rows[i], rows[i + 1]];
        if (row === undefined || next === undefined || row.end || address < row.address || address >= next.address) continue;
        return { file: files[row.file] ?? "", line: row.line, column: row.column };
      }
    }
    return undefined;
  }

  /** Source files whose path ends in the components of `file`. */
  sourceFiles(file: string): readonly string[] {
    const wanted = file.split("/").filter((part) => part !== "");
    const found = new Set<string>();
    for (const { files } of this.lineTables()) {
      for (const path of files) if (endsIn(path, wanted)) found.add(normalised(path));
    }
    return [...found].sort();
  }

  /** Address of the first instruction of a line (and column) of a file as `sourceFiles` names it. */
  addressOf(file: string, line: number, column: number | undefined): bigint | undefined {
    for (const { files, rows } of this.lineTables()) {
      const row = rows.find(
        (r) => !r.end && r.line === line && (column === undefined || r.column === column) && normalised(files[r.file] ?? "") === file,
      );
      if (row !== undefined) return row.address;
    }
    return undefined;
  }

  private lineTables(): readonly LineTable[] {
    this.tables ??= this.info.units().flatMap((unit) => {
      const root = this.info.root(unit);
      const table = root === undefined ? undefined : readLineTable(this.section, root);
      return table === undefined ? [] : [table];
    });
    return this.tables;
  }

  private typesOf(info: DebugInfo): DwarfTypes {
    const known = this.types.get(info);
    if (known !== undefined) return known;
    const made = new DwarfTypes(info, () => info.section("info"));
    this.types.set(info, made);
    return made;
  }

  private index(): Names {
    this.names ??= this.readNames();
    return this.names;
  }

  private readNames(): Names {
    const functions = new Map<string, Found>();
    const structs = new Map<string, Found>();
    const visit = (info: DebugInfo, entry: Entry) => {
      for (const child of info.children(entry)) {
        if (child.tag === tags.namespace) visit(info, child);
        else if (child.tag === tags.subprogram) addFunction(functions, { info, entry: child });
        else addStruct(structs, { info, entry: child });
      }
    };
    for (const unit of this.info.units()) {
      const root = this.info.root(unit);
      if (root === undefined) continue;
      const details = this.split.detailsOf(root) ?? { info: this.info, root };
      visit(details.info, details.root);
    }
    return { functions, structs };
  }
}

/** What an entry was made from: a declaration, or the abstract form of an inlined function. */
function origin(info: DebugInfo, entry: Entry): Entry {
  for (const attribute of [attributes.abstractOrigin, attributes.specification]) {
    const reference = entry.values.get(attribute);
    const target = reference?.kind === "reference" ? info.at(reference.offset) : undefined;
    if (target !== undefined) return origin(info, target);
  }
  return entry;
}

function addFunction(functions: Map<string, Found>, found: Found): void {
  const { info, entry } = found;
  const described = origin(info, entry);
  const names = [textOf(described, attributes.name), textOf(described, attributes.linkageName), textOf(entry, attributes.linkageName)];
  const body = numberOf(entry, attributes.lowPc) !== undefined || entry.values.has(attributes.ranges);
  for (const name of names) {
    if (name === undefined) continue;
    const known = functions.get(name);
    // A definition counts more than a declaration.
    if (known === undefined || (body && numberOf(known.entry, attributes.lowPc) === undefined)) functions.set(name, found);
  }
}

function addStruct(structs: Map<string, Found>, found: Found): void {
  const { entry } = found;
  const tag = entry.tag === tags.unionType ? "union" : entry.tag === tags.structureType || entry.tag === tags.classType ? "struct" : undefined;
  const name = textOf(entry, attributes.name);
  if (tag === undefined || name === undefined || numberOf(entry, attributes.declaration) === 1) return;
  if (!structs.has(`${tag} ${name}`)) structs.set(`${tag} ${name}`, found);
}

/** A path without `.` and `..`. */
function normalised(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "." && part !== "") parts.push(part);
  }
  return `${path.startsWith("/") ? "/" : ""}${parts.join("/")}`;
}

function endsIn(path: string, wanted: readonly string[]): boolean {
  const parts = normalised(path).split("/").filter((part) => part !== "");
  return wanted.length > 0 && wanted.every((part, i) => parts[parts.length - wanted.length + i] === part);
}
