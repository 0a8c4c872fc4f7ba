// Rules of the house: which rooms may import which, no branching on names in the core, small files, and what of the
// style the linter has no rule for.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { test } from "node:test";

const root = resolve("src");
const pure = [
  "base", "source", "syntax", "types", "cdecl", "formats", "bpf", "ir", "backend", "analysis", "lower", "define", "language",
  "compile", "output",
];
const host = ["sys", "kernel", "symbols", "loader", "attach", "runtime", "library", "cli"];

interface SourceText {
  /** Path below src. */
  readonly path: string;
  readonly room: string;
  readonly text: string;
  readonly imports: readonly string[];
}

function sources(folder: string): readonly SourceText[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = join(folder, entry.name);
    if (entry.isDirectory()) return sources(file);
    if (!file.endsWith(".ts")) return [];
    const path = relative(root, file);
    const text = readFileSync(file, "utf8");
    const imports = [...text.matchAll(/^(?:import|export)[^"]*?from "(\.[^"]+)"/gm)].map((m) =>
      relative(root, resolve(folder, m[1] ?? "")),
    );
    return [{ path, room: path.split("/")[0] ?? "", text, imports }];
  });
}

const all = sources(root);
const code = all.filter((file) => !file.path.endsWith(".test.ts"));

function roomOf(path: string): string {
  return path.split("/")[0] ?? "";
}

test("every file belongs to a known room", () => {
  const known = [...pure, ...host, "index.ts"];
  assert.deepEqual(code.filter((file) => !known.includes(file.room)).map((file) => file.path), []);
});

test("pure rooms import pure rooms only", () => {
  const wrong = code
    .filter((file) => pure.includes(file.room))
    .flatMap((file) => file.imports.filter((path) => host.includes(roomOf(path))).map((path) => `${file.path} -> ${path}`));
  assert.deepEqual(wrong, []);
});

test("pure rooms touch no file, process or network", () => {
  const wrong = code
    .filter((file) => pure.includes(file.room) && /from "node:(fs|child_process|net|os|worker_threads)/.test(file.text))
    .map((file) => file.path);
  assert.deepEqual(wrong, []);
});

test("analysis, lower and language meet in define only", () => {
  const apart = ["analysis", "lower", "language"];
  const wrong = code
    .filter((file) => apart.includes(file.room))
    .flatMap((file) =>
      file.imports
        .filter((path) => apart.includes(roomOf(path)) && roomOf(path) !== file.room)
        .map((path) => `${file.path} -> ${path}`),
    );
  assert.deepEqual(wrong, []);
});

test("only the command and the library see the language", () => {
  const wrong = code
    .filter((file) => !["language", "library", "cli"].includes(file.room))
    .flatMap((file) => file.imports.filter((path) => roomOf(path) === "language").map((path) => `${file.path} -> ${path}`));
  assert.deepEqual(wrong, []);
});

test("the core does not branch on names of definitions", () => {
  const names = new Set<string>();
  for (const file of code.filter((f) => f.room === "language")) {
    // Not the names of parameters.
    for (const match of file.text.matchAll(/\bnames?: (?:\[([^\]]*)\]|"(\w+)")(?!, kind:)/g)) {
      for (const name of (match[1] ?? `"${match[2]}"`).matchAll(/"(\w+)"/g)) if (name[1] !== undefined) names.add(name[1]);
    }
  }
  assert.ok(names.size > 40, "the names of the definitions are found");
  // Words that mean something else in the core.
  const ordinary = new Set(["hash", "map", "key", "value", "n", "s", "min", "max", "step", "bits", "separator", "format", "code", "length", "name", "probe"]);
  const compared = /(?:===|!==|case|includes\()\s*"(\w+)"/g;
  const wrong = code
    .filter((file) => ["analysis", "lower", "runtime"].includes(file.room))
    .flatMap((file) =>
      [...file.text.matchAll(compared)]
        .map((match) => match[1] ?? "")
        .filter((word) => names.has(word) && !ordinary.has(word))
        .map((word) => `${file.path}: ${word}`),
    );
  assert.deepEqual(wrong, []);
});

test("files begin with a comment and are of a size to read", () => {
  const wrong = code
    .filter((file) => !file.text.startsWith("//") || file.text.split("\n").length > 600)
    .map((file) => file.path);
  assert.deepEqual(wrong, []);
});

/** Code without comments, strings, the text of templates, and lines that import or export names. */
function bare(text: string): string {
  // Regular expressions may hold quotes.
  return text
    .replace(/(?<=[(,:=|&!?]\s*)\/(?![/*])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/g, (found) => found.replace(/./g, " "))
    .replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, (found) => found.replace(/[^\n]/g, " "))
    .replace(/^(?:import|export)\s+(?:type\s+)?[{*][\s\S]*?\bfrom\b/gm, (found) => found.replace(/[^\n]/g, " "));
}

/** Lines of bare code that match, as `path:line: text`. */
function linesWith(files: readonly SourceText[], pattern: RegExp): readonly string[] {
  return files.flatMap((file) =>
    bare(file.text).split("\n").flatMap((line, i) => (pattern.test(line) ? [`${file.path}:${i + 1}: ${line.trim()}`] : [])),
  );
}

const everywhere = [...all, ...sources(resolve("test"))];

test("the search for bare code finds code and nothing else", () => {
  const found = (text: string) => linesWith([{ path: "a.ts", room: "a", text, imports: [] }], /\bas\s(?!const\b)/).length;
  const rows: readonly (readonly [string, number])[] = [
    ["const a = b as C;", 1],
    ["const a = (b) as unknown as C;", 1],
    ["const a = [1] as const;", 0],
    ['const a = "as it is"; // as told', 0],
    ["const a = `as\nit is`;\n/* as\n told */", 0],
    ['import {\n  a as b,\n} from "./c.ts";\nimport * as d from "./d.ts";', 0],
    ["f(`${a}`, b as C);", 1],
  ];
  for (const [text, count] of rows) assert.equal(found(text), count, text);
});

test("types are narrowed by checks, not asserted, outside the base", () => {
  const outside = everywhere.filter((file) => file.room !== "base");
  assert.deepEqual(linesWith(outside, /[\w)\]}]\sas\s(?!const\b)[A-Za-z{[(]/), []);
});

test("no state lives in modules", () => {
  assert.deepEqual(linesWith(everywhere, /^(?:export )?let /), []);
});

test("lines have no trailing blanks, files end with one line feed", () => {
  const wrong = everywhere.flatMap((file) => [
    ...file.text.split("\n").flatMap((line, i) => (/[ \t\r]$/.test(line) ? [`${file.path}:${i + 1}`] : [])),
    ...(/[^\n]\n$/.test(file.text) ? [] : [`${file.path}: end`]),
  ]);
  assert.deepEqual(wrong, []);
});

test("no import cycles between rooms of the compiler's front", () => {
  const edges = new Map<string, Set<string>>();
  for (const file of code) {
    const targets = edges.get(file.room) ?? new Set<string>();
    for (const path of file.imports) if (roomOf(path) !== file.room) targets.add(roomOf(path));
    edges.set(file.room, targets);
  }
  const reaches = (from: string, to: string, seen: Set<string>): boolean => {
    for (const next of edges.get(from) ?? []) {
      if (next === to) return true;
      if (!seen.has(next) && seen.add(next) && reaches(next, to, seen)) return true;
    }
    return false;
  };
  const cyclic = [...edges.keys()].filter((room) => reaches(room, room, new Set()));
  assert.deepEqual(cyclic, []);
});
