// Diagnostics as text: place, message, source line, tildes under the span, hint.

import { fromByteString } from "../base/byte-string.ts";
import type { Diagnostic, Severity } from "./diagnostic.ts";
import type { Span } from "./source.ts";

const colours: Readonly<Record<Severity, string>> = { error: "\u001b[31m", warning: "\u001b[33m" };
const reset = "\u001b[0m";

/** The complete text of a diagnostic, lines ended; JS text. */
export function renderDiagnostic(diagnostic: Diagnostic, color: boolean): string {
  const { severity, span, message, parts, hint } = diagnostic;
  let text = span === undefined ? paint(`${word(severity)}: ${message}`, severity, color) : located(span, severity, message, color);
  for (const part of parts) text += located(part.span, severity, part.message, color);
  for (let from = span?.expandedFrom; from !== undefined; from = from.expandedFrom) {
    text += located(from, severity, "expanded from", color);
  }
  for (const line of hint?.split("\n") ?? []) text += `HINT: ${line}\n`;
  return fromByteString(text);
}

/** A message without a place, its line ended. */
export function paintMessage(severity: Severity, message: string, color: boolean): string {
  return paint(`${word(severity)}: ${message}`, severity, color);
}

function word(severity: Severity): string {
  return severity === "error" ? "ERROR" : "WARNING";
}

function paint(line: string, severity: Severity, color: boolean): string {
  return color ? `${colours[severity]}${line}${reset}\n` : `${line}\n`;
}

function located(span: Span, severity: Severity, message: string, color: boolean): string {
  const start = span.file.position(span.start);
  const end = span.file.position(Math.max(span.start, span.end));
  if (start.line !== end.line) {
    const lines: string[] = [];
    for (let line = start.line; line <= end.line; line++) lines.push(span.file.line(line));
    return `${paint(`${span.file.name}:${start.line}-${end.line}: ${word(severity)}: ${message}`, severity, color)}${lines.join("\n")}\n`;
  }
  const head = paint(`${span.file.name}:${start.line}:${start.column}-${end.column}: ${word(severity)}: ${message}`, severity, color);
  const line = span.file.line(start.line);
  const before = widen(line.slice(0, start.column - 1)).length;
  const width = widen(line.slice(start.column - 1, end.column - 1)).length;
  return `${head}${widen(line)}\n${" ".repeat(before)}${"~".repeat(width)}\n`;
}

/** Tabs count four columns. */
function widen(text: string): string {
  return text.replaceAll("\t", "    ");
}
