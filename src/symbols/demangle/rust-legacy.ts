// Rust names as compilers before the v0 scheme mangle them: like nested C++ names, with `17h` and a hash as the last part.

const shape = /^_ZN([A-Za-z0-9_$.:]+)17h([0-9a-f]{16})E(?:\..*)?$/;

/** Characters that C++ names can't have are written between dollar signs. */
const escapes: ReadonlyMap<string, string> = new Map([
  ["SP", "@"],
  ["BP", "*"],
  ["RF", "&"],
  ["LT", "<"],
  ["GT", ">"],
  ["LP", "("],
  ["RP", ")"],
  ["C", ","],
]);

/** The readable name without its hash; undefined when the text is no such name, so that it may be one of C++. */
export function demangleRustLegacy(symbol: string): string | undefined {
  const match = shape.exec(symbol);
  if (match === null) return undefined;
  const [, path = "", hash = ""] = match;
  // Hashes have many different digits; names of C++ that look like one rarely do.
  if (new Set(hash).size < 5) return undefined;
  return splitPath(path)?.map(unescapePart).join("::");
}

function splitPath(path: string): readonly string[] | undefined {
  const parts: string[] = [];
  let at = 0;
  while (at < path.length) {
    const digits = /^[1-9][0-9]{0,5}/.exec(path.slice(at, at + 6))?.[0] ?? "";
    const start = at + digits.length;
    const end = start + Number(digits);
    if (digits === "" || end > path.length) return undefined;
    parts.push(path.slice(start, end));
    at = end;
  }
  return parts;
}

function unescapePart(part: string): string {
  let text = part.startsWith("_$") ? part.slice(1) : part;
  let result = "";
  while (text !== "") {
    const piece = unescapeFirst(text);
    // An unknown escape: the rest is shown as it is.
    if (piece === undefined) return result + text;
    result += piece.readable;
    text = text.slice(piece.length);
  }
  return result;
}

function unescapeFirst(text: string): { readonly readable: string; readonly length: number } | undefined {
  if (text.startsWith("..")) return { readable: "::", length: 2 };
  if (text.startsWith("$")) {
    const end = text.indexOf("$", 1);
    const readable = end < 0 ? undefined : escapedText(text.slice(1, end));
    return readable === undefined ? undefined : { readable, length: end + 1 };
  }
  const length = /^(?:[^$.]+|\.)/.exec(text)?.[0].length ?? 1;
  return { readable: text.slice(0, length), length };
}

function escapedText(code: string): string | undefined {
  const known = escapes.get(code);
  if (known !== undefined) return known;
  const hex = /^u([0-9a-f]{1,6})$/.exec(code)?.[1];
  const point = hex === undefined ? 0 : parseInt(hex, 16);
  const isPrintable = point >= 0x20 && point !== 0x7f && point <= 0x10ffff && !(point >= 0xd800 && point < 0xe000);
  return isPrintable ? String.fromCodePoint(point) : undefined;
}
