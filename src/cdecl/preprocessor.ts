// The C preprocessor: directives, conditionals, inclusion. Reads files only through the given reader.

import type { CReports } from "./c-reports.ts";
import { type CSource, type CToken, makeSource, spell, tokenAt, tokenize } from "./c-token.ts";
import { conditionValue, type HeaderName } from "./condition.ts";
import { freestandingFolder, freestandingHeader } from "./freestanding-headers.ts";
import { type Macro, parseMacroDefinition, sameMacro } from "./macro.ts";
import {
  type ExpansionState,
  MacroExpander,
  expandCondition,
  expandList,
  newExpansionState,
} from "./macro-expander.ts";

export interface HeaderReader {
  /** Text of an existing file as a byte string; undefined when there is none. */
  read(path: string): string | undefined;
}

export interface PreprocessorOptions {
  /** Folders in search order. */
  readonly includePaths: readonly string[];
  readonly reader: HeaderReader;
  /** True for a header that may be missing: it is then taken as empty. */
  mayBeMissing(name: string): boolean;
  /** Definitions that come with a header named in the script. */
  additions(name: string): CSource | undefined;
}

interface Conditional {
  readonly parentActive: boolean;
  readonly opener: CToken;
  taken: boolean;
  active: boolean;
  elseSeen: boolean;
}

interface Frame {
  readonly source: CSource;
  readonly tokens: readonly CToken[];
  at: number;
  readonly folder: string;
  /** Where in the search order it was found, for #include_next. */
  readonly searchIndex: number;
  readonly conditionals: Conditional[];
}

const maximumDepth = 200;
const maximumInclusions = 10_000;
const maximumTokens = 20_000_000;

/** Turns sources into the tokens that the declaration parser reads; `macros` is what is defined at the end. */
export class Preprocessor {
  readonly macros = new Map<string, Macro>();
  private readonly options: PreprocessorOptions;
  private readonly reports: CReports;
  private readonly frames: Frame[] = [];
  private readonly cache = new Map<string, { source: CSource; tokens: readonly CToken[] } | undefined>();
  private readonly once = new Set<string>();
  private readonly state: ExpansionState;
  private added = false;
  private inclusions = 0;
  private scanned = 0;

  constructor(options: PreprocessorOptions, reports: CReports) {
    this.options = options;
    this.reports = reports;
    this.state = newExpansionState(this.macros, reports);
  }

  /** Preprocesses one text to its end; later texts see its macros. */
  run(source: CSource): readonly CToken[] {
    this.enter(source, tokenize(source), folderOf(source.path), -1);
    const expander = new MacroExpander({ next: () => this.nextRaw() }, this.state);
    const out: CToken[] = [];
    for (let token = expander.next(); token !== undefined; token = expander.next()) {
      if (token.text === "_Pragma" && token.kind === "identifier") {
        for (const word of ["(", "", ")"]) {
          const next = expander.next();
          if (word === "" && next?.kind === "string") this.putPragma(next, out);
        }
      } else out.push(token);
    }
    return out;
  }

  private putPragma(text: CToken, out: CToken[]): void {
    const content = text.text.slice(1, -1).replace(/\\(.)/g, "$1").trim();
    if (content.startsWith("pack")) out.push(tokenAt(text, "pragma", content));
  }

  private enter(source: CSource, tokens: readonly CToken[], folder: string, searchIndex: number): void {
    this.scanned += tokens.length;
    this.frames.push({ source, tokens, at: 0, folder, searchIndex, conditionals: [] });
  }

  /** The next token outside directives and skipped groups. */
  private nextRaw(): CToken | undefined {
    for (let frame = this.frames.at(-1); frame !== undefined; frame = this.frames.at(-1)) {
      const token = frame.tokens[frame.at];
      if (token === undefined) {
        const open = frame.conditionals.at(-1);
        if (open !== undefined) this.reports.error("c-preprocessor", open.opener, `unterminated #${open.opener.text}`);
        this.frames.pop();
        continue;
      }
      frame.at++;
      if (token.lineStart && token.text === "#" && token.kind === "punctuator") {
        const pragma = this.directive(frame, token);
        if (pragma !== undefined) return pragma;
      } else if (isActive(frame)) return token;
      else skipLine(frame);
    }
    return undefined;
  }

  /** Handles a directive; gives a token for a pragma that the parser has to see. */
  private directive(frame: Frame, hash: CToken): CToken | undefined {
    const line = takeLine(frame);
    const name = line[0];
    if (name === undefined || name.kind !== "identifier") return undefined;
    const rest = line.slice(1);
    if (this.conditionalDirective(frame, name, rest) || !isActive(frame)) return undefined;
    switch (name.text) {
      case "define":
        this.define(rest, name);
        return undefined;
      case "undef":
        if (rest[0] !== undefined) this.macros.delete(rest[0].text);
        return undefined;
      case "include":
      case "include_next":
      case "import":
        this.include(frame, name, rest);
        return undefined;
      case "error":
        this.reports.error("c-preprocessor", wholeText(hash, rest), `#error ${spell(rest)}`);
        return undefined;
      case "warning":
        this.reports.warn("c-preprocessor", wholeText(hash, rest), `#warning ${spell(rest)}`);
        return undefined;
      case "pragma":
        return this.pragma(frame, name, rest);
      case "line":
      case "ident":
      case "sccs":
      case "assert":
      case "unassert":
        return undefined;
      default:
        this.reports.error("c-preprocessor", name, `unknown preprocessor directive '#${name.text}'`);
        return undefined;
    }
  }

  private pragma(frame: Frame, name: CToken, rest: readonly CToken[]): CToken | undefined {
    const word = rest[0]?.text;
    if (word === "once") this.once.add(frame.source.path);
    return word === "pack" ? tokenAt(name, "pragma", spell(rest)) : undefined;
  }

  private conditionalDirective(frame: Frame, name: CToken, rest: readonly CToken[]): boolean {
    const current = frame.conditionals.at(-1);
    switch (name.text) {
      case "if":
      case "ifdef":
      case "ifndef": {
        const parentActive = isActive(frame);
        const holds = parentActive && this.opens(frame, name, rest);
        frame.conditionals.push({ parentActive, opener: name, taken: holds, active: holds, elseSeen: false });
        return true;
      }
      case "elif":
      case "elifdef":
      case "elifndef":
        if (current === undefined || current.elseSeen) this.stray(name);
        else {
          const holds = current.parentActive && !current.taken && this.opens(frame, name, rest);
          current.active = holds;
          if (holds) current.taken = true;
        }
        return true;
      case "else":
        if (current === undefined || current.elseSeen) this.stray(name);
        else {
          current.active = current.parentActive && !current.taken;
          current.elseSeen = true;
        }
        return true;
      case "endif":
        if (current === undefined) this.stray(name);
        else frame.conditionals.pop();
        return true;
      default:
        return false;
    }
  }

  private stray(name: CToken): void {
    this.reports.error("c-preprocessor", name, `#${name.text} without #if`);
  }

  private opens(frame: Frame, name: CToken, rest: readonly CToken[]): boolean {
    if (name.text === "if" || name.text === "elif") return this.condition(frame, name, rest);
    const macro = rest[0];
    if (macro === undefined) {
      this.reports.error("c-preprocessor", name, `#${name.text} needs a macro name`);
      return false;
    }
    return this.isDefined(macro.text) === (name.text === "ifdef" || name.text === "elifdef");
  }

  private condition(frame: Frame, name: CToken, rest: readonly CToken[]): boolean {
    const value = conditionValue(rest, name, {
      isDefined: (macro) => this.isDefined(macro),
      hasHeader: (header, next) => this.find(frame, header, { next }) !== undefined,
      headerNameOf: (tokens) => this.headerName(tokens),
      expand: (tokens) => expandCondition(tokens, this.state),
    });
    if (typeof value === "boolean") return value;
    this.reports.error("c-preprocessor", value.at, `#${name.text}: ${value.problem}`);
    return false;
  }

  private isDefined(name: string): boolean {
    return this.macros.has(name) || hasOperators.has(name) || placeMacros.has(name);
  }

  private define(rest: readonly CToken[], at: CToken): void {
    const macro = parseMacroDefinition(rest);
    if ("problem" in macro) {
      this.reports.error("c-preprocessor", rest[0] ?? at, macro.problem);
      return;
    }
    const previous = this.macros.get(macro.name);
    if (previous !== undefined && previous.definedAt.source.origin !== "constants" && !sameMacro(previous, macro)) {
      this.reports.warn("c-macro-redefined", macro.definedAt, `'${macro.name}' redefined`);
    }
    this.macros.set(macro.name, macro);
  }

  private include(frame: Frame, directive: CToken, rest: readonly CToken[]): void {
    const header = this.headerName(rest);
    if (header === undefined) {
      this.reports.error("c-include", directive, `#${directive.text} needs "FILE" or <FILE>`);
      return;
    }
    const found = this.find(frame, header, { next: directive.text === "include_next" });
    if (directive.source.origin === "script" || directive.source.origin === "built-in") this.add(frame, header.name);
    if (found === undefined) {
      if (this.options.mayBeMissing(header.name)) return;
      this.reports.error("c-include-not-found", wholeText(rest[0] ?? directive, rest), `'${header.name}' file not found`);
      return;
    }
    if (this.once.has(found.path)) return;
    if (directive.text === "import") this.once.add(found.path);
    this.inclusions++;
    if (this.frames.length > maximumDepth || this.inclusions > maximumInclusions || this.scanned > maximumTokens) {
      this.reports.error("c-include", directive, `'${header.name}': files are included too deeply or too often`);
      return;
    }
    const loaded = this.load(found.path, directive);
    if (loaded !== undefined) this.enter(loaded.source, loaded.tokens, folderOf(found.path), found.searchIndex);
  }

  /** Once, below the header itself: what its text defines comes first. Where the kernel's own headers are, nothing is added. */
  private add(frame: Frame, header: string): void {
    const source = this.added ? undefined : this.options.additions(header);
    if (source === undefined) return;
    this.added = true;
    if (this.find(frame, { name: "linux/kconfig.h", quoted: false }, { next: false }) !== undefined) return;
    this.enter(source, tokenize(source), "", -1);
  }

  /** The header that the tokens after #include name; macros are expanded when they begin neither form. */
  private headerName(rest: readonly CToken[]): HeaderName | undefined {
    return writtenHeaderName(rest) ?? writtenHeaderName(expandList(rest, this.state));
  }

  private find(
    frame: Frame,
    header: HeaderName,
    from: { readonly next: boolean },
  ): { path: string; searchIndex: number } | undefined {
    if (header.name.startsWith("/"))
      return this.exists(header.name) ? { path: header.name, searchIndex: -1 } : undefined;
    if (header.quoted && !from.next) {
      const path = frame.folder === "" ? header.name : `${frame.folder}/${header.name}`;
      if (this.exists(path)) return { path, searchIndex: frame.searchIndex };
    }
    const folders = [...this.options.includePaths, freestandingFolder];
    for (let i = from.next ? frame.searchIndex + 1 : 0; i < folders.length; i++) {
      const path = `${folders[i]}/${header.name}`;
      if (this.exists(path)) return { path, searchIndex: i };
    }
    return undefined;
  }

  private exists(path: string): boolean {
    return this.load(path, undefined) !== undefined;
  }

  private load(
    path: string,
    directive: CToken | undefined,
  ): { source: CSource; tokens: readonly CToken[] } | undefined {
    const known = this.cache.get(path);
    const wanted = known !== undefined && directive !== undefined && known.tokens.length === 0;
    if (this.cache.has(path) && !wanted) return known;
    const builtIn = path.startsWith(`${freestandingFolder}/`);
    const text = known?.source.file.text ?? this.readText(path, builtIn);
    if (text === undefined) {
      this.cache.set(path, undefined);
      return undefined;
    }
    const source = makeSource(path, text, "header", directive);
    // Tokens are made when the file is first included, with the place of that #include.
    const loaded = { source, tokens: directive === undefined ? [] : tokenize(source) };
    this.cache.set(path, loaded);
    return loaded;
  }

  private readText(path: string, builtIn: boolean): string | undefined {
    return builtIn ? freestandingHeader(path.slice(freestandingFolder.length + 1)) : this.options.reader.read(path);
  }
}

const hasOperators: ReadonlySet<string> = new Set([
  "__has_include",
  "__has_include_next",
  "__has_attribute",
  "__has_builtin",
  "__has_c_attribute",
]);

const placeMacros: ReadonlySet<string> = new Set([
  "__LINE__",
  "__FILE__",
  "__BASE_FILE__",
  "__COUNTER__",
  "__INCLUDE_LEVEL__",
  "__DATE__",
  "__TIME__",
]);

/** A token that stands for the text from one to the last of others. */
function wholeText(first: CToken, others: readonly CToken[]): CToken {
  const last = others.at(-1) ?? first;
  return tokenAt(first, "punctuator", first.source.text.slice(first.offset, last.offset + last.text.length));
}

function isActive(frame: Frame): boolean {
  return frame.conditionals.at(-1)?.active ?? true;
}

/** The tokens up to the end of the line. */
function takeLine(frame: Frame): readonly CToken[] {
  const from = frame.at;
  skipLine(frame);
  return frame.tokens.slice(from, frame.at);
}

function skipLine(frame: Frame): void {
  for (let token = frame.tokens[frame.at]; token !== undefined && !token.lineStart; token = frame.tokens[frame.at]) {
    frame.at++;
  }
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

function writtenHeaderName(tokens: readonly CToken[]): HeaderName | undefined {
  const first = tokens[0];
  if (first?.kind === "string" && first.text.startsWith('"')) return { name: first.text.slice(1, -1), quoted: true };
  if (first?.text !== "<") return undefined;
  const { text } = first.source;
  if (text[first.offset] === "<") {
    // Written out: the name is raw text, not tokens.
    const end = text.indexOf(">", first.offset);
    const line = text.indexOf("\n", first.offset);
    if (end < 0 || (line >= 0 && line < end)) return undefined;
    return { name: text.slice(first.offset + 1, end).trim(), quoted: false };
  }
  const close = tokens.findIndex((token) => token.text === ">");
  return close < 0 ? undefined : { name: spell(tokens.slice(1, close)), quoted: false };
}

/** A text of `#include` lines for --include. */
export function includeLines(files: readonly string[]): CSource {
  return makeSource("<command line>", files.map((file) => `#include "${file}"\n`).join(""), "built-in", undefined);
}
