// Diagnostics: what is wrong with the user's program. They are collected, never thrown.

import type { SourceFile, Span } from "./source.ts";

export type Severity = "error" | "warning";

/** One located line of a diagnostic. */
export interface DiagnosticPart {
  readonly span: Span;
  readonly message: string;
}

export interface Diagnostic {
  readonly severity: Severity;
  /** Stable identifier of the kind of message, for instance `type-mismatch`. */
  readonly code: string;
  readonly message: string;
  readonly span: Span | undefined;
  /** Further located lines, printed after the first one in the same form. */
  readonly parts: readonly DiagnosticPart[];
  /** One or several lines. */
  readonly hint: string | undefined;
}

export interface DiagnosticExtras {
  readonly parts?: readonly DiagnosticPart[];
  readonly hint?: string | undefined;
}

/** Collects the diagnostics of one compilation. */
export class Diagnostics {
  private readonly list: Diagnostic[] = [];
  private readonly seen = new Set<string>();

  error(code: string, at: Span | undefined, message: string, extras: DiagnosticExtras = {}): void {
    this.add({ severity: "error", code, message, span: at, parts: extras.parts ?? [], hint: extras.hint });
  }

  warn(code: string, at: Span | undefined, message: string, extras: DiagnosticExtras = {}): void {
    this.add({ severity: "warning", code, message, span: at, parts: extras.parts ?? [], hint: extras.hint });
  }

  /** Adds a diagnostic unless the same message stands at the same place already. */
  add(diagnostic: Diagnostic): void {
    const at = diagnostic.span;
    const key = `${diagnostic.severity}|${at?.file.name}|${at?.start}|${at?.end}|${diagnostic.message}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    this.list.push(diagnostic);
  }

  /** All of them: errors first, each group in the order of the source; those without a place lead. */
  all(): readonly Diagnostic[] {
    const files = new Map<SourceFile, number>();
    for (const { span } of this.list) if (span !== undefined && !files.has(span.file)) files.set(span.file, files.size);
    const rank = ({ span }: Diagnostic) => (span === undefined ? -1 : (files.get(span.file) ?? 0));
    const ordered = [...this.list].sort(
      (a, b) => rank(a) - rank(b) || (a.span?.start ?? 0) - (b.span?.start ?? 0),
    );
    return [...ordered.filter((d) => d.severity === "error"), ...ordered.filter((d) => d.severity === "warning")];
  }

  hasErrors(): boolean {
    return this.list.some((d) => d.severity === "error");
  }
}
