// Random scripts without syntax errors, with layout and comments wherever the language allows them. A list of numbers
// decides everything, so that a failing case shrinks to a small script.

/** A token of a script; `before` tells what may stand between it and the one before. */
interface Token {
  readonly text: string;
  readonly before: "anything" | "blanks" | "nothing";
}

/** Operators with an operand on both sides; the grammar gives a meaning to every mixture. */
const operators = ["+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "==", "!=", "<", "<=", ">", ">=", "&&", "||"];
const updates = ["=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="];
const leaves = ["1", "$x", "pid", "0x1_f", "5ms", '"s // \\" /* "', "@m", "@", "$1", "$#", "true", "'a'", "comm", "a_long_name_of_a_variable_or_macro"];
/** Words that are values only where no statement can begin. */
const keywords = ["break", "else", "for", "let", "return", "unroll", "while", "continue"];
const types = ["uint8", "string[64]", "int8[2][3]", "struct s", "struct s *", "uint64 **", "unsigned long", "const char *", "char * const *", "foo *"];
const attachPoints = ["begin", "kprobe:f", 'uprobe:/bin/sh:"a b"', "interval:s:1", "$1", "label=kprobe:g*", "END"];
const topLevel = ["#include <a/b.h>", "#define X 1 // not ours", "#define L \\\n  1", "struct s { int a; /* C */ };", "union u {\n    int a; // C\n\n\n}", "typedef int t;"];

export function randomScript(decisions: readonly number[]): string {
  return new ScriptGenerator(decisions).script();
}

class ScriptGenerator {
  private readonly decisions: readonly number[];
  private next = 0;
  private tokens: Token[] = [];
  private comments = 0;
  private depth = 0;

  constructor(decisions: readonly number[]) {
    this.decisions = decisions;
  }

  script(): string {
    const shebang = this.oneIn(4) ? "#!/usr/bin/env bpftrace\n" : "";
    for (let n = this.below(3); n > 0; n--) this.add(`${this.pick(topLevel)}\n`);
    if (this.oneIn(3)) this.config();
    if (this.oneIn(3)) this.import();
    for (let n = 1 + this.below(3); n > 0; n--) this.item();
    return `${shebang}${this.joined()}`;
  }

  // ---- decisions ----------------------------------------------------------------------------------------

  /** A number from 0; missing decisions count as 0, which must lead to something small. */
  private below(limit: number): number {
    return (this.decisions[this.next++] ?? 0) % limit;
  }

  private oneIn(n: number): boolean {
    return this.below(n) === n - 1;
  }

  private pick(words: readonly string[]): string {
    return words[this.below(words.length)] ?? "";
  }

  private add(...texts: readonly string[]): void {
    for (const text of texts) this.tokens.push({ text, before: "anything" });
  }

  private addAfter(before: "blanks" | "nothing", ...texts: readonly string[]): void {
    for (const text of texts) this.tokens.push({ text, before });
  }

  private list(length: number, item: () => void): void {
    for (let i = 0; i < length; i++) {
      if (i > 0) this.add(",");
      item();
    }
  }

  /** Tokens made on the side. */
  private aside(make: () => void): Token[] {
    const before = this.tokens;
    this.tokens = [];
    make();
    const made = this.tokens;
    this.tokens = before;
    return made;
  }

  // ---- layout -------------------------------------------------------------------------------------------

  private joined(): string {
    let text = "";
    for (const token of this.tokens) text += this.gap(text, token) + token.text;
    return text + this.gap(text, { text: "", before: "anything" });
  }

  private gap(text: string, { text: next, before }: Token): string {
    if (before === "nothing") return "";
    const blank = ["", " ", "\n", "\n\n\n", " \t"][this.below(5)] ?? "";
    const glued = blank === "" && mayTouch(text, next) ? "" : blank === "" ? " " : blank;
    return before === "blanks" || text === "" ? glued : glued + this.layoutComments(glued);
  }

  private layoutComments(blank: string): string {
    let text = "";
    while (this.oneIn(6)) {
      if (text === "" && blank === "") text += " ";
      const name = `c${this.comments++}`;
      text += [`/* ${name} */`, `// ${name}\n`, `// ${name} \n\n\n`, `\n// ${name}\n`, `/* ${name} */\n`, `\n  /* ${name}\n  * star */\n`, `/* ${name}\nplain */ `][this.below(7)] ?? "";
    }
    return text;
  }

  // ---- items --------------------------------------------------------------------------------------------

  private config(): void {
    this.add("config");
    this.addAfter("blanks", "=");
    this.add("{");
    const length = this.below(3);
    for (let i = 0; i < length; i++) {
      this.add("key", "=", this.pick(["warn", "1", '"text"', "true"]));
      if (i + 1 < length || !this.oneIn(2)) this.add(";");
    }
    this.add("}");
  }

  private import(): void {
    this.add("import");
    this.addAfter("blanks", '"a/b"');
    if (this.oneIn(2)) this.add(";");
  }

  private item(): void {
    if (this.oneIn(5)) this.add(";");
    switch (this.below(6)) {
      case 3:
        this.add("macro", "name", "(");
        this.list(this.below(4), () => this.add(this.pick(["$a", "@b", "c"])));
        this.add(")");
        return this.block();
      case 4:
        this.add("fn");
        this.addAfter("blanks", "name", "(");
        this.list(this.below(3), () => {
          this.add("$a", ":");
          this.type();
        });
        this.add(")", ":");
        this.type();
        return this.block();
      case 5:
        this.add("let", "@m", "=", "hash", "(", this.pick(["5", "0x10"]), ")");
        if (this.oneIn(2)) this.add(";");
        return;
      default:
        return this.probe();
    }
  }

  private probe(): void {
    // An attach point ends at a blank; a comment right behind it could be part of it.
    this.list(1 + this.below(3), () => this.add(`${this.pick(attachPoints)} `));
    if (this.oneIn(8)) this.add(",");
    if (this.oneIn(2)) {
      const condition = this.aside(() => this.expression());
      const ends = condition.some(({ text }, index) => text === "/" && condition[index + 1]?.text === "{");
      this.add("/");
      if (ends) this.add("(");
      this.tokens.push(...condition);
      if (ends) this.add(")");
      this.add("/");
    }
    this.block();
  }

  // ---- statements ---------------------------------------------------------------------------------------

  private block(): void {
    this.add("{");
    this.depth += 1;
    const length = this.depth > 4 ? this.below(2) : this.below(4);
    for (let i = 0; i < length; i++) {
      const simple = this.statement();
      if (simple ? i + 1 < length || !this.oneIn(3) : this.oneIn(4)) this.add(";");
    }
    // Without a semicolon an expression is the block's value.
    if (this.oneIn(4)) {
      if (length > 0) this.add(";");
      this.statementExpression();
    }
    this.depth -= 1;
    this.add("}");
  }

  /** True for statements that end in a semicolon. */
  private statement(): boolean {
    switch (this.below(14)) {
      case 1:
      case 2: {
        this.add(this.pick(["$x", "@", "@m"]));
        const last = this.tokens.at(-1)?.text ?? "";
        if (last !== "$x" && this.oneIn(2)) this.keys();
        this.add(this.pick(updates));
        this.expression();
        return true;
      }
      case 3:
        this.add("let", "$y");
        if (this.oneIn(2)) {
          this.add(":");
          this.type();
        }
        if (this.oneIn(2)) {
          this.add("=");
          this.expression();
        }
        return true;
      case 4:
        this.add("_");
        this.addAfter("blanks", "=");
        this.expression();
        return true;
      case 5:
      case 6:
        this.if(() => this.block());
        return false;
      case 7:
        this.block();
        return false;
      case 8:
        this.add(this.pick(["while", "unroll"]));
        this.condition();
        this.block();
        return false;
      case 9:
        this.for();
        return false;
      case 10:
        this.add(this.pick(["break", "continue", "return"]));
        return true;
      case 11:
        this.add("return");
        this.expression();
        return true;
      case 12:
        this.add("import");
        this.addAfter("blanks", '"x"');
        return true;
      default:
        this.statementExpression();
        return true;
    }
  }

  /** An expression that does not begin like another statement. */
  private statementExpression(): void {
    const tokens = this.aside(() => this.expression());
    const wrap = tokens[0]?.text === "{" || tokens[0]?.text === "if";
    if (wrap) this.add("(");
    this.tokens.push(...tokens);
    if (wrap) this.add(")");
  }

  private if(body: () => void): void {
    this.add("if");
    this.condition();
    body();
    if (!this.oneIn(2)) return;
    this.add("else");
    if (this.oneIn(2)) this.if(body);
    else body();
  }

  private condition(): void {
    if (this.oneIn(5)) {
      this.add("comptime");
      this.parenthesised();
    } else if (this.oneIn(4)) this.unary();
    else this.parenthesised();
  }

  private for(): void {
    const open = !this.oneIn(3);
    this.add("for");
    if (open) this.add("(");
    this.add("$i", ":");
    if (this.oneIn(2)) this.add("@m");
    else {
      // A bound must not begin with an operator or a character.
      if (this.oneIn(3)) this.parenthesised();
      else this.add(this.pick(["0", "$x", "(uint8)"]), ...(this.tokens.at(-1)?.text === "(uint8)" ? ["1"] : []));
      this.add("..");
      this.unary();
    }
    if (open) this.add(")");
    this.block();
  }

  // ---- expressions --------------------------------------------------------------------------------------

  private expression(): void {
    this.depth += 1;
    this.unary();
    for (let n = this.depth > 5 ? 0 : this.below(3); n > 0; n--) {
      this.add(this.pick(operators));
      this.unary();
    }
    if (this.depth < 6 && this.oneIn(8)) {
      this.add("?");
      if (this.oneIn(3)) this.add(":");
      else {
        this.expression();
        this.add(":");
      }
      this.expression();
    }
    this.depth -= 1;
  }

  private unary(): void {
    if (this.depth > 6) return this.add(this.pick(leaves));
    this.depth += 1;
    switch (this.below(12)) {
      case 7:
      case 8:
        this.add(this.pick(["-", "!", "~", "*"]));
        this.unary();
        break;
      case 9:
        this.cast();
        break;
      case 10:
        if (this.oneIn(2)) this.add("&", this.pick(["$x", "@m"]));
        else {
          this.add("comptime");
          this.unary();
        }
        break;
      case 11:
        this.add(this.pick(["++", "--"]));
        this.addAfter("blanks", this.pick(["$x", "@m"]));
        break;
      default:
        this.postfix();
    }
    this.depth -= 1;
  }

  private cast(): void {
    this.add("(");
    if (this.oneIn(4)) {
      this.add("unknown", ")", this.pick(["1", "$x", '"s"', "pid"]));
      return;
    }
    this.type();
    this.add(")");
    if (this.oneIn(2)) this.parenthesised();
    else this.add(...this.pick(["$x", "- $x", "* $x", "@m", "if $x { 1 }"]).split(" "));
  }

  private postfix(): void {
    this.primary();
    const base = this.tokens.at(-1)?.text ?? "";
    if (/^[$@][a-z]/.test(base) && this.oneIn(5)) return this.add(this.pick(["++", "--"]));
    for (let n = this.below(3); n > 0; n--) {
      switch (this.below(4)) {
        case 1:
          this.keys();
          break;
        case 2:
          this.add(".", this.pick(["0", "1"]));
          break;
        default:
          this.add(this.pick([".", "->"]), this.pick(["field", "if", "comm"]));
      }
    }
  }

  private primary(): void {
    switch (this.below(16)) {
      case 6:
      case 7:
        this.add(this.pick(["f", "print", "a_function_with_a_long_name"]), "(");
        this.list(this.below(5), () => this.expression());
        return this.add(")");
      case 8:
      case 9:
        return this.parenthesised();
      case 10:
        this.add("@m");
        return this.keys();
      case 11: {
        this.add("(");
        const length = this.below(4);
        this.list(length, () => this.expression());
        if (length === 1 || (length > 1 && this.oneIn(4))) this.add(",");
        return this.add(")");
      }
      case 12:
        this.add("(", "a");
        this.addAfter("blanks", "=");
        this.expression();
        if (this.oneIn(2)) {
          this.add(",", "b", "=");
          this.expression();
        }
        return this.add(")");
      case 13:
        return this.block();
      case 14:
        return this.if(() => this.block());
      case 15:
        return this.typeQuestion();
      default:
        return this.add(this.pick(leaves));
    }
  }

  private parenthesised(): void {
    this.add("(");
    if (this.oneIn(12)) this.add(this.pick(keywords));
    else if (this.oneIn(4)) this.parenthesised();
    else this.expression();
    this.add(")");
  }

  private keys(): void {
    this.add("[");
    this.list(1 + this.below(3), () => this.expression());
    if (this.oneIn(4)) this.add(",");
    this.add("]");
  }

  private typeQuestion(): void {
    const word = this.pick(["sizeof", "typeinfo", "offsetof"]);
    this.add(word, "(");
    if (this.oneIn(3)) this.type();
    else if (this.oneIn(2)) this.parenthesised();
    else this.expression();
    if (word === "offsetof") this.add(",", "a", ".", "b");
    this.add(")");
  }

  private type(): void {
    if (this.depth < 6 && this.oneIn(6)) {
      this.add("typeof", "(");
      this.expression();
      this.add(")");
      if (this.oneIn(2)) this.add("*");
      return;
    }
    for (const part of this.pick(types).split(" ")) this.add(...(part.match(/\w+|\*|\[\d*\]/g) ?? []));
  }
}

/** Whether two tokens stay two without anything between them. */
function mayTouch(text: string, next: string): boolean {
  if (/[(){}[\],;]$/.test(text) || /^[(){}[\],;]/.test(next)) return true;
  return /[\w$@"'#]$/.test(text) !== /^[\w$@"'#]/.test(next);
}
