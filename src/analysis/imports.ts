// Imports: scripts, folders of scripts and C files that a script names become part of the program.

import type { ImportFiles, ImportPath } from "../define/import-files.ts";
import type { Diagnostics } from "../source/diagnostic.ts";
import { SourceFile, type Span } from "../source/source.ts";
import type { CDefinition, Import, Item, Program } from "../syntax/ast.ts";
import { parseProgram } from "../syntax/parser.ts";
import { balanceChains } from "./balance-chains.ts";
import { declaredFunctions } from "./c-functions.ts";

export interface ImportInput {
  readonly files: ImportFiles;
  /** Folders that are searched after the one of the importing script. */
  readonly folders: readonly string[];
  readonly diagnostics: Diagnostics;
}

/** A C file or object that a script imports. Nothing of it can be used: there is no C compiler here. */
export interface CImport {
  readonly path: string;
  readonly span: Span;
  /** Whether it has a function of that name; objects are not looked into. */
  declares(name: string): boolean;
}

export interface ImportedProgram {
  /** What was imported stands before the script's own definitions and items. */
  readonly program: Program;
  readonly cImports: readonly CImport[];
}

/** Loads what a script imports, and what that imports; each file once. */
export function resolveImports(program: Program, input: ImportInput): ImportedProgram {
  if (program.imports.length === 0) return { program, cImports: [] };
  const importer = new Importer(input);
  importer.root(program);
  const { cDefinitions, items, cImports } = importer;
  return {
    program: { ...program, cDefinitions: [...cDefinitions, ...program.cDefinitions], items: [...items, ...program.items] },
    cImports,
  };
}

class Importer {
  readonly cDefinitions: CDefinition[] = [];
  readonly items: Item[] = [];
  readonly cImports: CImport[] = [];
  private readonly input: ImportInput;
  /** Identities of files that are loaded, or being loaded: imports may be circular. */
  private readonly loaded = new Set<string>();

  constructor(input: ImportInput) {
    this.input = input;
  }

  root(program: Program): void {
    const own = this.input.files.find(program.span.file.name);
    if (own.kind === "file") this.loaded.add(own.identity);
    this.all(program.imports, program.span.file);
  }

  private all(imports: readonly Import[], from: SourceFile): void {
    for (const one of imports) this.one(one, folderOf(from.name));
  }

  private one({ path, span }: Import, folder: string): void {
    const candidates = path.startsWith("/") ? [path] : [folder, ...this.input.folders].map((base) => join(base, path));
    for (const candidate of candidates) {
      const found = this.input.files.find(candidate);
      if (found.kind === "missing") continue;
      this.load(candidate, found, span);
      return;
    }
    // The library is part of the language here: naming it brings nothing new.
    if (/^stdlib(\/\w+\.bt)?$/.test(path)) return;
    this.input.diagnostics.error("import", span, `Unable to find suitable path for import: ${path}`, {
      hint: candidates.map((candidate) => `looked for ${candidate}`).join("\n"),
    });
  }

  private load(path: string, found: Exclude<ImportPath, { readonly kind: "missing" }>, at: Span): void {
    if (found.kind === "unusable") return this.refuse(path, found.reason, at);
    if (this.loaded.has(found.identity)) return;
    this.loaded.add(found.identity);
    if (found.writableByAll) {
      return this.refuse(path, `the ${found.kind} is world-writable: anybody could change what is traced`, at);
    }
    if (found.kind === "file") return this.loadFile(path, found, at);
    for (const name of found.names) {
      const inside = join(path, name);
      if (kindOf(name) === "other") continue;
      const entry = this.input.files.find(inside);
      if (entry.kind === "file" || entry.kind === "unusable") this.load(inside, entry, at);
    }
  }

  private refuse(path: string, reason: string, at: Span): void {
    this.input.diagnostics.error("import", at, `Unable to import ${path}: ${reason}`);
  }

  private loadFile(path: string, file: ImportPath & { readonly kind: "file" }, at: Span): void {
    switch (kindOf(path)) {
      case "script":
        return this.loadScript(path, file, at);
      case "c":
        this.cImports.push({ path, span: at, declares: declares(file) });
        return;
      case "object":
        this.cImports.push({ path, span: at, declares: () => false });
        return;
      case "other":
        return this.refuse(path, "only scripts (.bt), C files (.c, .h), objects (.o) and folders can be imported", at);
    }
  }

  private loadScript(path: string, file: ImportPath & { readonly kind: "file" }, at: Span): void {
    const { diagnostics } = this.input;
    const content = file.read();
    if (!content.ok) return this.refuse(path, content.reason, at);
    const program = balanceChains(parseProgram(new SourceFile(path, content.text), diagnostics));
    if (program.config !== undefined) {
      diagnostics.error("import", program.config.span, "config blocks are invalid in an import: only the main script has one");
    }
    this.all(program.imports, program.span.file);
    this.cDefinitions.push(...program.cDefinitions);
    this.items.push(...program.items);
  }
}

function declares(file: ImportPath & { readonly kind: "file" }): (name: string) => boolean {
  let names: ReadonlySet<string> | undefined;
  return (name) => {
    if (names === undefined) {
      const content = file.read();
      names = content.ok ? declaredFunctions(content.text) : new Set<string>();
    }
    return names.has(name);
  };
}

function kindOf(path: string): "script" | "c" | "object" | "other" {
  const extension = /\.(\w+)$/.exec(path)?.[1];
  switch (extension) {
    case "bt":
      return "script";
    case "c":
    case "h":
      return "c";
    case "o":
      return "object";
    default:
      return "other";
  }
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}

function join(folder: string, path: string): string {
  if (folder === ".") return path;
  return folder.endsWith("/") ? `${folder}${path}` : `${folder}/${path}`;
}
