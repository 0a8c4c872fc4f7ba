// The language of attach points: splitting their raw text, positional parameters inside it, finding the provider.

import type { AttachPointText } from "../define/probe.ts";
import type { Diagnostics } from "../source/diagnostic.ts";
import type { AttachPoint } from "../syntax/ast.ts";

interface Splitter {
  readonly parts: string[];
  readonly quoted: boolean[];
  part: string;
  partQuoted: boolean;
  inQuotes: boolean;
}

/** Splits an attach point; undefined when it is empty after its parameters were filled in, or wrong (reported). */
export function splitAttachPoint(
  point: AttachPoint,
  positional: readonly string[],
  diagnostics: Diagnostics,
): AttachPointText | undefined {
  const splitter: Splitter = { parts: [], quoted: [], part: "", partQuoted: false, inQuotes: false };
  const problem = split(point.text, positional, splitter, 0);
  if (problem !== undefined) {
    diagnostics.error("attach-point", point.span, problem);
    return undefined;
  }
  endPart(splitter);
  const [first = "", ...rest] = splitter.parts;
  if (first === "" && rest.length === 0) return undefined;
  const equals = first.indexOf("=");
  const labelled = equals > 0 && equals < first.length - 1;
  return {
    provider: labelled ? first.slice(equals + 1) : first,
    parts: rest,
    quoted: splitter.quoted.slice(1),
    label: labelled ? first.slice(0, equals) : undefined,
    span: point.span,
  };
}

function endPart(splitter: Splitter): void {
  splitter.parts.push(splitter.part);
  splitter.quoted.push(splitter.partQuoted);
  splitter.part = "";
  splitter.partQuoted = false;
}

/** Walks the text with quote state; gives what is wrong with it. Parameters are pasted and scanned again. */
function split(text: string, positional: readonly string[], splitter: Splitter, depth: number): string | undefined {
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    if (splitter.inQuotes) {
      if (c === '"') splitter.inQuotes = false;
      else if (c === "\\") {
        i += 1;
        splitter.part += text.charAt(i);
      } else splitter.part += c;
    } else if (c === '"') {
      splitter.inQuotes = true;
      splitter.partQuoted = true;
    } else if (c === ":") {
      endPart(splitter);
    } else if (c === "@") {
      endPart(splitter);
      splitter.part = "@";
      endPart(splitter);
    } else if (c === "$") {
      const digits = /^[1-9][0-9]*/.exec(text.slice(i + 1))?.[0];
      if (digits === undefined) return dollarProblem(text.charAt(i + 1));
      if (depth > 8) return "Positional parameters of attach points refer to each other";
      const problem = split(positional[Number(digits) - 1] ?? "", positional, splitter, depth + 1);
      if (problem !== undefined) return problem;
      i += digits.length;
    } else splitter.part += c;
  }
  return undefined;
}

function dollarProblem(next: string): string {
  if (next === "") return "Found trailing '$' in attach point: put it in quotes";
  return `Found invalid character '${next}' after '$' in attach point: a positional parameter has a number, anything else needs quotes`;
}
