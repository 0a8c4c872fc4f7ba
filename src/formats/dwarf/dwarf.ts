// Debug information of an ELF file: parameters of functions, structs by name, source lines.

import type { ElfFile } from "../elf/elf.ts";
import type { StructType, Type } from "../../types/type.ts";
import { attributes, tags } from "./constants.ts";
import { type LineTable, readLineTable } from "./lines.ts";
import { dwarfSections, type SectionName } from "./sections.ts";
import { spellType } from "./spelling.ts";
import { DwarfTypes } from "./types.ts";
import { DebugInfo, type Entry, numberOf, textOf, type Unit } from "./units.ts";

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

interface Names {
  readonly functions: ReadonlyMap<string, Entry>;
  readonly structs: ReadonlyMap<string, Entry>;
}

export class Dwarf {
  private readonly section: (name: SectionName) => Buffer;
  private readonly info: DebugInfo;
  private readonly types: DwarfTypes;
  private names: Names | undefined;
  private tables: readonly LineTable[] | undefined;

  private constructor(file: ElfFile) {
    this.section = dwarfSections(file);
    this.info = new DebugInfo(this.section);
    this.types = new DwarfTypes(this.info, () => this.section("info"));
  }

  /** Undefined when the file has no debug information. */
  static open(file: ElfFile): Dwarf | undefined {
    const dwarf = new Dwarf(file);
    return dwarf.section("info").length === 0 ? undefined : dwarf;
  }

  /** The first function of a name, by its source or its linkage name. */
  function(name: string): DwarfFunction | undefined {
    const entry = this.index().functions.get(name);
    if (entry === undefined) return undefined;
    const parameters: DwarfParameter[] = [];
    for (const child of this.info.children(entry)) {
      if (child.tag !== tags.formalParameter) continue;
      const described = this.origin(child);
      parameters.push({ name: textOf(described, attributes.name) ?? `arg${parameters.length}`, type: this.types.typeOf(described), ctype: spellType(this.info, described) });
    }
    return { parameters, returns: this.types.typeOf(this.origin(entry)) };
  }

  struct(tag: "struct" | "union", name: string): StructType | undefined {
    const entry = this.index().structs.get(`${tag} ${name}`);
    return entry === undefined ? undefined : this.types.struct(entry);
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

  /** What an entry was made from: a declaration, or the abstract form of an inlined function. */
  private origin(entry: Entry): Entry {
    for (const attribute of [attributes.abstractOrigin, attributes.specification]) {
      const reference = entry.values.get(attribute);
      const target = reference?.kind === "reference" ? this.info.at(reference.offset) : undefined;
      if (target !== undefined) return this.origin(target);
    }
    return entry;
  }

  private index(): Names {
    this.names ??= this.readNames();
    return this.names;
  }

  private readNames(): Names {
    const functions = new Map<string, Entry>();
    const structs = new Map<string, Entry>();
    const visit = (entry: Entry) => {
      for (const child of this.info.children(entry)) {
        if (child.tag === tags.namespace) visit(child);
        else if (child.tag === tags.subprogram) this.addFunction(functions, child);
        else addStruct(structs, child);
      }
    };
    for (const unit of this.info.units()) {
      const root = this.rootOf(unit);
      if (root !== undefined) visit(root);
    }
    return { functions, structs };
  }

  private rootOf(unit: Unit): Entry | undefined {
    return this.info.root(unit);
  }

  private addFunction(functions: Map<string, Entry>, entry: Entry): void {
    const described = this.origin(entry);
    const names = [textOf(described, attributes.name), textOf(described, attributes.linkageName), textOf(entry, attributes.linkageName)];
    const body = numberOf(entry, attributes.lowPc) !== undefined || entry.values.has(attributes.ranges);
    for (const name of names) {
      if (name === undefined) continue;
      const known = functions.get(name);
      // A definition counts more than a declaration.
      if (known === undefined || (body && numberOf(known, attributes.lowPc) === undefined)) functions.set(name, entry);
    }
  }
}

function addStruct(structs: Map<string, Entry>, entry: Entry): void {
  const tag = entry.tag === tags.unionType ? "union" : entry.tag === tags.structureType || entry.tag === tags.classType ? "struct" : undefined;
  const name = textOf(entry, attributes.name);
  if (tag === undefined || name === undefined || numberOf(entry, attributes.declaration) === 1) return;
  if (!structs.has(`${tag} ${name}`)) structs.set(`${tag} ${name}`, entry);
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
