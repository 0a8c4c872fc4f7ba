// The parser: a script to its syntax tree. Errors are reported and parsing goes on with the next statement or item.

import type { Diagnostics } from "../source/diagnostic.ts";
import { type SourceFile, span } from "../source/source.ts";
import type {
  AttachPoint,
  CDefinition,
  ConfigBlock,
  ConfigEntry,
  Expression,
  Import,
  Item,
  MacroParameter,
  Probe,
  Program,
} from "./ast.ts";
import { checkNesting } from "./nesting.ts";
import { StatementParser } from "./parse-statement.ts";
import { parseType } from "./parse-type.ts";
import { Scanner, SyntaxProblem, wordAt } from "./scanner.ts";

/** Parses a whole script. */
export function parseProgram(file: SourceFile, diagnostics: Diagnostics): Program {
  const program = new ProgramParser(file, diagnostics).program();
  checkNesting(program, diagnostics);
  return program;
}

/** Parses a text that is one expression, as C macros are; undefined when it is not. */
export function parseExpression(file: SourceFile, diagnostics: Diagnostics): Expression | undefined {
  const scanner = new Scanner(file, diagnostics);
  try {
    const expression = new StatementParser(scanner).expressions.expression();
    scanner.skip();
    if (!scanner.atEnd()) scanner.expected("end of expression");
    return expression;
  } catch (problem) {
    if (problem instanceof SyntaxProblem) return undefined;
    throw problem;
  }
}

class ProgramParser {
  private readonly scanner: Scanner;
  private readonly statements: StatementParser;
  private readonly file: SourceFile;
  private readonly cDefinitions: CDefinition[] = [];
  private readonly imports: Import[] = [];
  private readonly items: Item[] = [];
  private config: ConfigBlock | undefined;
  private shebang: string | undefined;

  constructor(file: SourceFile, diagnostics: Diagnostics) {
    this.file = file;
    this.scanner = new Scanner(file, diagnostics);
    this.statements = new StatementParser(this.scanner);
  }

  program(): Program {
    const { scanner } = this;
    if (scanner.text.startsWith("#!")) {
      this.shebang = this.file.line(1);
      scanner.position = this.shebang.length;
    }
    let more = true;
    while (more) more = this.guarded(() => this.item());
    return {
      cDefinitions: this.cDefinitions,
      config: this.config,
      imports: this.imports,
      items: this.items,
      comments: scanner.comments,
      shebang: this.shebang,
      span: span(this.file, 0, scanner.text.length),
    };
  }

  /** Parses one item; after an error goes on behind the next closing brace at the outermost level. */
  private guarded(parse: () => boolean): boolean {
    const { scanner } = this;
    const start = scanner.position;
    try {
      return parse();
    } catch (problem) {
      if (!(problem instanceof SyntaxProblem)) throw problem;
      if (scanner.position <= start) scanner.position = start + 1;
      this.skipItem(start);
      return !scanner.atEnd();
    }
  }

  /** Behind the end of the item that began at `start`: where its braces close. */
  private skipItem(start: number): void {
    const { scanner } = this;
    const failed = scanner.position;
    let nesting = 0;
    for (let at = start; at < scanner.text.length; at++) {
      const c = scanner.text.charAt(at);
      if (c === '"') {
        const end = /^"(?:[^"\\\n]|\\.)*"?/.exec(scanner.text.slice(at, at + 4096))?.[0].length ?? 1;
        at += end - 1;
      } else if (c === "{") nesting += 1;
      else if (c === "}") {
        nesting -= 1;
        if (nesting <= 0 && at + 1 >= failed) {
          scanner.position = at + 1;
          return;
        }
      }
    }
    scanner.position = scanner.text.length;
  }

  /** One top-level item; false at the end. */
  private item(): boolean {
    const { scanner } = this;
    while (scanner.take(";"));
    const start = scanner.here();
    if (scanner.atEnd()) return false;
    if (scanner.text.charAt(start) === "#") this.preprocessorLine(start);
    else if (!this.definitionItem(start)) this.items.push(this.probe(start));
    return true;
  }

  private definitionItem(start: number): boolean {
    const { scanner } = this;
    const word = scanner.peekWord();
    switch (word) {
      case "struct":
      case "union":
      case "enum":
      case "typedef":
        if (!scanner.wordBefore("", "{")) return false;
        this.cItem(start, word);
        return true;
      case "config":
        if (!scanner.wordBefore("=", "{")) return false;
        this.configBlock(start);
        return true;
      case "import":
        if (!scanner.wordBefore('"')) return false;
        this.import(start);
        return true;
      case "macro":
        if (!/[\s/]/.test(scanner.text.charAt(start + word.length))) return false;
        this.items.push(this.macro(start));
        return true;
      case "fn":
        if (!/[\s/]/.test(scanner.text.charAt(start + word.length))) return false;
        this.items.push(this.fn(start));
        return true;
      case "let":
        this.items.push(this.mapDeclaration(start));
        return true;
      default:
        return false;
    }
  }

  // ---- C --------------------------------------------------------------------------------------------------

  private preprocessorLine(start: number): void {
    const { scanner } = this;
    let end = start;
    for (;;) {
      const line = scanner.text.indexOf("\n", end);
      end = line < 0 ? scanner.text.length : line;
      if (scanner.text.charAt(end - 1) !== "\\" || line < 0) break;
      end += 1;
    }
    scanner.position = end;
    this.cDefinition("preprocessor", start, end);
  }

  private cDefinition(kind: CDefinition["kind"], start: number, end: number): void {
    const { scanner } = this;
    const place = scanner.span(start, end);
    if (this.items.length > 0) {
      scanner.report("syntax", place, "syntax: C definitions must appear before probes, macros and other items");
      return;
    }
    this.cDefinitions.push({ kind, text: scanner.text.slice(start, end), span: place });
  }

  /** struct, union, enum or typedef, through its braces and the `;` if there is one. */
  private cItem(start: number, word: string): void {
    const { scanner } = this;
    let nesting = 0;
    let at = start;
    while (at < scanner.text.length) {
      const c = scanner.text.charAt(at);
      at += cTokenLength(scanner.text, at);
      if (c === "{") nesting += 1;
      else if (c === "}") {
        nesting -= 1;
        if (nesting === 0 && word !== "typedef") {
          at = this.cTail(at);
          break;
        }
      } else if (c === ";" && nesting === 0) break;
    }
    if (nesting > 0) {
      scanner.position = scanner.text.length;
      scanner.expected("'}'");
    }
    scanner.position = at;
    scanner.lastEnd = at;
    scanner.forgetComments(start);
    if (word === "typedef") for (const name of typedefNames(scanner.text.slice(start, at))) scanner.typedefs.add(name);
    this.cDefinition("declaration", start, at);
  }

  /** Attributes after a closing brace, and the `;`. */
  private cTail(at: number): number {
    const rest = this.scanner.text.slice(at, at + 1000);
    const match = /^\s*(?:__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)\s*|__\w+\s*)*;?/.exec(rest)?.[0] ?? "";
    return at + (match.endsWith(";") || match.includes("__") ? match.trimEnd().length : 0);
  }

  // ---- config and imports -----------------------------------------------------------------------------------

  private configBlock(start: number): void {
    const { scanner } = this;
    scanner.takeWord();
    const keyword = scanner.span(start);
    scanner.need("=");
    scanner.need("{");
    const entries: ConfigEntry[] = [];
    while (!scanner.peek("}")) {
      entries.push(this.configEntry());
      if (!scanner.take(";") && !scanner.peek("}")) scanner.expected("';' or '}'");
    }
    scanner.need("}");
    if (this.items.length > 0) scanner.report("syntax", keyword, "syntax: config must appear before probes, macros and other items");
    else if (this.config !== undefined) scanner.report("syntax", keyword, "syntax: duplicate config block");
    else this.config = { entries, span: scanner.span(start) };
  }

  private configEntry(): ConfigEntry {
    const { scanner } = this;
    const start = scanner.here();
    const key = scanner.needWord("config key");
    const keySpan = scanner.span(start);
    scanner.need("=");
    const value = this.configValue();
    return { key, keySpan, value, span: scanner.span(start) };
  }

  private configValue(): ConfigEntry["value"] {
    const { scanner } = this;
    if (scanner.peek('"')) return { kind: "string", value: scanner.string() };
    if (scanner.atDigit()) return { kind: "int", value: scanner.number() };
    const word = scanner.needWord("config value");
    if (word === "true" || word === "false") return { kind: "bool", value: word === "true" };
    return { kind: "word", value: word };
  }

  private import(start: number): void {
    const { scanner } = this;
    scanner.takeWord();
    scanner.skip();
    const path = scanner.string();
    const place = scanner.span(start);
    scanner.take(";");
    if (this.items.length > 0) scanner.report("syntax", place, "syntax: imports must appear before probes, macros and other items");
    else this.imports.push({ path, span: place });
  }

  // ---- macros, functions, map declarations --------------------------------------------------------------------

  private macro(start: number): Item {
    const { scanner } = this;
    scanner.takeWord();
    const name = scanner.needWord("macro name");
    const nameSpan = scanner.span(start);
    scanner.need("(");
    const parameters: MacroParameter[] = [];
    if (!scanner.peek(")")) {
      do parameters.push(this.macroParameter());
      while (scanner.take(","));
    }
    scanner.need(")");
    const body = this.statements.block();
    return { kind: "macro", name, parameters, body, nameSpan, span: scanner.span(start) };
  }

  private macroParameter(): MacroParameter {
    const { scanner } = this;
    const start = scanner.here();
    const sigil = scanner.text.charAt(start);
    if (sigil === "$" || sigil === "@") {
      const word = wordAt(scanner.text, start + 1) ?? "";
      scanner.position = start + 1 + word.length;
      scanner.lastEnd = scanner.position;
      return { kind: sigil === "$" ? "variable" : "map", name: `${sigil}${word}`, span: scanner.span(start) };
    }
    const name = scanner.needWord("macro parameter");
    return { kind: "expression", name, span: scanner.span(start) };
  }

  private fn(start: number): Item {
    const { scanner } = this;
    scanner.takeWord();
    const name = scanner.needWord("function name");
    scanner.need("(");
    const parameters: { name: string; type: ReturnType<typeof parseType>; span: ReturnType<Scanner["span"]> }[] = [];
    while (!scanner.peek(")")) {
      const at = scanner.here();
      scanner.need("$");
      const parameter = `$${scanner.needWord("parameter name")}`;
      scanner.need(":");
      const type = parseType(this.statements.expressions);
      parameters.push({ name: parameter, type, span: scanner.span(at) });
      if (!scanner.take(",")) break;
    }
    scanner.need(")");
    scanner.need(":");
    const returns = parseType(this.statements.expressions);
    const body = this.statements.block();
    return { kind: "function", name, parameters, returns, body, span: scanner.span(start) };
  }

  private mapDeclaration(start: number): Item {
    const { scanner } = this;
    scanner.takeWord();
    if (!scanner.peek("@")) {
      scanner.fail("syntax", scanner.span(start), "syntax: top-level let statements need to be map declarations, e.g. `let @a = hash(5);`");
    }
    const at = scanner.here();
    const word = wordAt(scanner.text, at + 1) ?? "";
    scanner.position = at + 1 + word.length;
    scanner.lastEnd = scanner.position;
    scanner.need("=");
    const mapKind = scanner.needWord("map type");
    scanner.need("(");
    if (!scanner.atDigit()) scanner.expected("integer");
    const entries = scanner.number();
    scanner.need(")");
    scanner.take(";");
    return { kind: "map-declaration", name: `@${word}`, mapKind, entries, span: scanner.span(start) };
  }

  // ---- probes ---------------------------------------------------------------------------------------------------

  private probe(start: number): Probe {
    const { scanner } = this;
    const attachPoints = [this.attachPoint()];
    while (scanner.take(",")) {
      if (scanner.peek("{") || scanner.peek("/")) break;
      attachPoints.push(this.attachPoint());
    }
    let predicate: Probe["predicate"];
    const slash = scanner.here();
    if (scanner.take("/")) {
      const condition = this.statements.expressions.predicateExpression();
      scanner.need("/");
      predicate = { condition, span: scanner.span(slash) };
    }
    const body = this.statements.block();
    return { kind: "probe", attachPoints, predicate, body, span: scanner.span(start) };
  }

  /** Raw text up to an unquoted `{`, `,`, white space, or a `/` that can't be part of it. */
  private attachPoint(): AttachPoint {
    const { scanner } = this;
    const start = scanner.here();
    const label = /^([A-Za-z_]\w*)\s*=\s*(?=[\w"$])/.exec(scanner.text.slice(start, start + 400));
    const from = start + (label?.[0].length ?? 0);
    let colons = 0;
    let at = from;
    for (; at < scanner.text.length; at++) {
      const c = scanner.text.charAt(at);
      if (c === '"') {
        const quoted = /^"(?:[^"\\\n]|\\.)*"/.exec(scanner.text.slice(at, at + 4096))?.[0];
        if (quoted === undefined) return scanner.fail("syntax", scanner.span(at, at + 1), "syntax: unterminated string");
        at += quoted.length - 1;
      } else if (c === "{" || c === "," || /\s/.test(c)) break;
      else if (c === ":") colons += 1;
      else if (c === "/") {
        const comment = scanner.text.charAt(at + 1) === "/" || scanner.text.charAt(at + 1) === "*";
        if (comment && colons === 0) break;
        if (!comment && (colons === 0 || !mayContainPath(scanner.text.slice(from, at)))) break;
      }
    }
    if (at === from) scanner.expected("attach point");
    scanner.position = at;
    scanner.lastEnd = at;
    const text = scanner.text.slice(from, at);
    return { text: label === null ? text : `${label[1]}=${text}`, span: scanner.span(start, at) };
  }
}

/** Characters up to the next that can open or close something: whole comments, strings and character constants. */
function cTokenLength(text: string, at: number): number {
  const c = text.charAt(at);
  const next = text.charAt(at + 1);
  if (c === '"' || c === "'") return /^(["'])(?:[^\\\n]|\\.)*?\1/.exec(text.slice(at, at + 4096))?.[0].length ?? 1;
  if (c !== "/" || (next !== "/" && next !== "*")) return 1;
  const end = text.indexOf(next === "/" ? "\n" : "*/", at + 2);
  return end < 0 ? text.length - at : end + (next === "/" ? 0 : 2) - at;
}

/** The names that a typedef declares: those before `;`, `,`, `[` and in `(*name)`, outside braces. */
function typedefNames(text: string): readonly string[] {
  let outside = text;
  for (let before = ""; before !== outside; ) {
    before = outside;
    outside = outside.replace(/\{[^{}]*\}/g, " ");
  }
  const names = [...outside.matchAll(/(\w+)\s*(?=[;,[])|\(\s*\*\s*(\w+)\s*\)/g)];
  return names.flatMap(([, plain, pointer]) => plain ?? pointer ?? []);
}

/** Whether a `/` in the text belongs to it: in parts that can be paths, or that say nothing yet (patterns, parameters). */
function mayContainPath(text: string): boolean {
  const provider = text.slice(0, text.indexOf(":"));
  const withPaths = ["uprobe", "u", "uretprobe", "ur", "usdt", "watchpoint", "w", "iter", "it"];
  return withPaths.includes(provider.toLowerCase()) || /[*[$"]/.test(provider);
}
