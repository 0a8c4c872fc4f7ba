// Where problems in C text are reported: in the script at the line that caused them. Pure.

import { present } from "../base/invariant.ts";
import type { Diagnostics } from "../source/diagnostic.ts";
import { type SourceFile, type Span, span } from "../source/source.ts";
import { type CSource, type CToken, lineOf, originalOffset } from "./c-token.ts";

/** A text of C definitions and the file that it was taken from. */
export interface ScriptSource {
  readonly source: CSource;
  readonly file: SourceFile;
}

/** Reports problems at tokens; those of headers point at the script's `#include`, once per message. */
export class CReports {
  private readonly diagnostics: Diagnostics;
  private readonly scripts: readonly ScriptSource[];
  private readonly tolerant: boolean;

  /** `tolerant`: kernel BTF stands in for what a header fails to give, so problems inside headers are warnings. */
  constructor(diagnostics: Diagnostics, scripts: readonly ScriptSource[], options: { readonly tolerant: boolean }) {
    this.diagnostics = diagnostics;
    this.scripts = scripts;
    this.tolerant = options.tolerant;
  }

  error(code: string, at: CToken, message: string, previous?: CToken): void {
    const parts = previous === undefined ? [] : this.previousPart(previous);
    if (at.source.origin === "script") {
      this.diagnostics.error(code, this.spanOf(at), message, { parts });
      return;
    }
    const include = scriptInclude(at);
    const where = include === undefined ? undefined : this.spanOf(include);
    const full = at.source.origin === "header" ? `${at.source.path}:${lineOf(at)}: ${message}` : message;
    if (this.tolerant && at.source.origin === "header") this.diagnostics.warn(code, where, full);
    else this.diagnostics.error(code, where, full);
  }

  warn(code: string, at: CToken, message: string): void {
    if (at.source.origin === "script") this.diagnostics.warn(code, this.spanOf(at), message);
  }

  /** The place in the script file; undefined for tokens of headers. */
  placeOf(at: CToken): Span | undefined {
    const inScript = at.source.origin === "script" ? at : scriptInclude(at);
    return inScript === undefined ? undefined : this.spanOf(inScript);
  }

  private previousPart(previous: CToken): { span: Span; message: string }[] {
    const place = this.placeOf(previous);
    return place === undefined ? [] : [{ span: place, message: "previous definition" }];
  }

  private spanOf(at: CToken): Span {
    const { file } = present(this.scripts.find(({ source }) => source === at.source), "the file of C definitions");
    const start = scriptOffset(at.source, file, at.offset);
    return span(file, start, Math.min(start + Math.max(at.text.length, 1), file.text.length));
  }
}

/** The directive of the script that, directly or not, read the header of this token. */
function scriptInclude(at: CToken): CToken | undefined {
  let from = at.source.includedFrom;
  for (let depth = 0; from !== undefined && depth < 1000; depth++) {
    if (from.source.origin === "script") return from;
    from = from.source.includedFrom;
  }
  return undefined;
}

/** The C text keeps the lines and columns of the script, not always its offsets. */
function scriptOffset(source: CSource, file: SourceFile, offset: number): number {
  const { line, column } = source.file.position(originalOffset(source, offset));
  const start = file.starts()[line - 1] ?? file.text.length;
  return Math.min(start + column - 1, file.text.length);
}
