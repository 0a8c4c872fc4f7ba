// Source files and places in them. Text is a byte string (base/byte-string.ts), so offsets count bytes.

/** One piece of source text: a script, an import, a library file. */
export class SourceFile {
  /** What diagnostics call it: `stdin` for -e and -, else the path as given. */
  readonly name: string;
  readonly text: string;
  private lineStarts: readonly number[] | undefined;

  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
  }

  /** Byte offset at which each line begins. */
  starts(): readonly number[] {
    if (this.lineStarts === undefined) {
      const starts = [0];
      for (let at = this.text.indexOf("\n"); at >= 0; at = this.text.indexOf("\n", at + 1)) starts.push(at + 1);
      this.lineStarts = starts;
    }
    return this.lineStarts;
  }

  /** Line and column of an offset, both starting at 1. */
  position(offset: number): Position {
    const starts = this.starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  }

  /** The text of a line (from 1), without its line feed. */
  line(number: number): string {
    const starts = this.starts();
    const begin = starts[number - 1];
    if (begin === undefined) return "";
    const next = starts[number];
    return this.text.slice(begin, next === undefined ? undefined : next - 1);
  }
}

export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A half-open byte range of a source file. */
export interface Span {
  readonly file: SourceFile;
  readonly start: number;
  readonly end: number;
  /** Where the code was expanded from: a macro call, or the attach point that a body was copied for. */
  readonly expandedFrom: Span | undefined;
}

export function span(file: SourceFile, start: number, end: number): Span {
  return { file, start, end, expandedFrom: undefined };
}

/** The span from the start of one to the end of the other. */
export function spanBetween(first: Span, last: Span): Span {
  return { file: first.file, start: first.start, end: last.end, expandedFrom: first.expandedFrom };
}

/** The text below a span. */
export function textOf(place: Span): string {
  return place.file.text.slice(place.start, place.end);
}
