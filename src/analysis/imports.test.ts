// Imports from files that stand in memory: where they are looked for, in which order they come, what is refused.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ImportFiles, ImportPath } from "../define/import-files.ts";
import { Diagnostics } from "../source/diagnostic.ts";
import { SourceFile } from "../source/source.ts";
import { parseProgram } from "../syntax/parser.ts";
import { resolveImports } from "./imports.ts";

/** Text by path; a path that ends in `/` is a folder. `!` before a text: anybody may write it. */
type Files = Readonly<Record<string, string>>;

class MemoryFiles implements ImportFiles {
  readonly reads: string[] = [];
  private readonly files: Files;

  constructor(files: Files) {
    this.files = files;
  }

  find(path: string): ImportPath {
    const plain = path.replace(/\/$/, "").replace(/(^|\/)\.\//g, "$1");
    const folder = this.files[`${plain}/`];
    if (folder !== undefined) {
      const names = Object.keys(this.files)
        .filter((name) => name.startsWith(`${plain}/`) && name !== `${plain}/`)
        .map((name) => name.slice(plain.length + 1).replace(/\/.*/, ""));
      return { kind: "folder", identity: plain, writableByAll: folder.startsWith("!"), names: [...new Set(names)].sort() };
    }
    const text = this.files[plain];
    if (text === undefined) return { kind: "missing" };
    if (text === "?") return { kind: "unusable", reason: "it is a socket" };
    const read = () => {
      this.reads.push(plain);
      return text === "!!" ? ({ ok: false, reason: "permission denied" } as const) : ({ ok: true, text: text.replace(/^!/, "") } as const);
    };
    return { kind: "file", identity: plain.replace(/^.*=/, ""), writableByAll: text.startsWith("!") && text !== "!!", read };
  }
}

interface Resolved {
  /** Names of macros, attach points and C definitions in order. */
  readonly items: readonly string[];
  readonly problems: readonly string[];
  readonly reads: readonly string[];
  readonly c: readonly string[];
}

function resolve(script: string, files: Files, name = "main.bt", folders: readonly string[] = []): Resolved {
  const diagnostics = new Diagnostics();
  const memory = new MemoryFiles(files);
  const { program, cImports } = resolveImports(parseProgram(new SourceFile(name, script), diagnostics), { files: memory, folders, diagnostics });
  const items = program.items.map((item) => (item.kind === "macro" ? item.name : item.kind === "probe" ? (item.attachPoints[0]?.text ?? "") : item.kind));
  const problems = diagnostics.all().map(({ span, message, hint }) => {
    const at = span?.file.position(span.start);
    return `${span?.file.name}:${at?.line}:${at?.column} ${message}${hint === undefined ? "" : ` (${hint.split("\n").join(", ")})`}`;
  });
  return { items: [...program.cDefinitions.map(({ text }) => text), ...items], problems, reads: memory.reads, c: cImports.map(({ path }) => path) };
}

const macro = (name: string) => `macro ${name}() { 1 }`;

describe("order", () => {
  test("what is imported comes first, depth first", () => {
    const files = { "a.bt": `#define A 1\nimport "b.bt" ${macro("a")}`, "b.bt": `#define B 2\n${macro("b")}`, "c.bt": macro("c") };
    const { items } = resolve(`#define M 3\nimport "a.bt" import "c.bt" ${macro("m")}`, files);
    assert.deepEqual(items, ["#define B 2", "#define A 1", "#define M 3", "b", "a", "c", "m"]);
  });

  test("each file is read once, whatever it is called", () => {
    const files = { "a.bt": `import "./b.bt" import "=b.bt" import "a.bt" ${macro("a")}`, "b.bt": macro("b"), "=b.bt": macro("b") };
    assert.deepEqual(resolve('import "b.bt" import "a.bt" import "a.bt"', files).reads, ["b.bt", "a.bt"]);
  });

  test("the script itself is not imported again", () => {
    const files = { "main.bt": 'import "a.bt"', "a.bt": `import "main.bt" ${macro("a")}` };
    assert.deepEqual(resolve('import "a.bt"', files), { items: ["a"], problems: [], reads: ["a.bt"], c: [] });
  });

  test("a folder: its scripts and C files by name", () => {
    const files = { "lib/": "", "lib/z.bt": macro("z"), "lib/a.bt": macro("a"), "lib/sub/": "", "lib/sub/x.bt": macro("x"), "lib/README": "", "lib/n.bpf.c": "", "lib/o.bpf.o": "" };
    const { items, c, problems } = resolve('import "lib"', files);
    assert.deepEqual([items, c, problems], [["a", "z"], ["lib/n.bpf.c", "lib/o.bpf.o"], []]);
  });
});

describe("places", () => {
  const files = { "a.bt": macro("near"), "dir/a.bt": macro("dir"), "/abs/a.bt": macro("absolute"), "inc/only.bt": `import "a.bt"`, "inc/a.bt": macro("inc"), "/top.bt": macro("top") };
  const cases: readonly (readonly [string, string, string, readonly string[]])[] = [
    ["beside a script without folder", "main.bt", "a.bt", ["near"]],
    ["beside the importing script", "dir/main.bt", "a.bt", ["dir"]],
    ["an absolute path", "dir/main.bt", "/abs/a.bt", ["absolute"]],
    ["a script in the root folder", "/main.bt", "top.bt", ["top"]],
    ["a folder of -I, and from there beside it", "dir/main.bt", "only.bt", ["inc"]],
    ["the working folder is not searched for scripts elsewhere", "other/main.bt", "a.bt", ["inc"]],
  ];
  for (const [name, script, path, items] of cases) {
    test(name, () => {
      assert.deepEqual(resolve(`import "${path}"`, files, script, ["none", "inc"]).items, items);
    });
  }
});

describe("problems", () => {
  const cases: readonly (readonly [string, string, Files, readonly string[]])[] = [
    ["nothing there", 'import "x.bt"', {}, ["main.bt:1:1 Unable to find suitable path for import: x.bt (looked for x.bt, looked for inc/x.bt)"]],
    ["nothing there, in an import", 'import "a/b.bt"', { "a/b.bt": '\nimport "x.bt"' }, ["a/b.bt:2:1 Unable to find suitable path for import: x.bt (looked for a/x.bt, looked for inc/x.bt)"]],
    ["a file that anybody may write", 'import "a.bt"', { "a.bt": "!" }, ["main.bt:1:1 Unable to import a.bt: the file is world-writable: anybody could change what is traced"]],
    ["a folder that anybody may write", 'import "a"', { "a/": "!" }, ["main.bt:1:1 Unable to import a: the folder is world-writable: anybody could change what is traced"]],
    ["such a file in a folder", 'import "a"', { "a/": "", "a/b.h": "!" }, ["main.bt:1:1 Unable to import a/b.h: the file is world-writable: anybody could change what is traced"]],
    ["a file that can't be read", 'import "a.bt"', { "a.bt": "!!" }, ["main.bt:1:1 Unable to import a.bt: permission denied"]],
    ["no file", 'import "a.bt"', { "a.bt": "?" }, ["main.bt:1:1 Unable to import a.bt: it is a socket"]],
    ["an unknown kind of file", 'import "a.txt"', { "a.txt": "" }, ["main.bt:1:1 Unable to import a.txt: only scripts (.bt), C files (.c, .h), objects (.o) and folders can be imported"]],
    ["a config block", 'import "a.bt"', { "a.bt": " config = { max_map_keys = 1 }" }, ["a.bt:1:2 config blocks are invalid in an import: only the main script has one"]],
    ["the library needs no file", 'import "stdlib" import "stdlib/base.bt"', {}, []],
    ["but a file of its name counts", 'import "stdlib/base.bt"', { "stdlib/base.bt": "config = { }" }, ["stdlib/base.bt:1:1 config blocks are invalid in an import: only the main script has one"]],
  ];
  for (const [name, script, files, expected] of cases) {
    test(name, () => {
      assert.deepEqual(resolve(script, files, "main.bt", ["inc"]).problems, expected);
    });
  }

  test("C files are read only when a function is looked for", () => {
    const memory = new MemoryFiles({ "a.c": "int f(void) { return 1; }", "b.c": "!!" });
    const program = parseProgram(new SourceFile("m", 'import "a.c" import "b.c"'), new Diagnostics());
    const { cImports } = resolveImports(program, { files: memory, folders: [], diagnostics: new Diagnostics() });
    assert.deepEqual(memory.reads, []);
    assert.deepEqual(cImports.map((file) => [file.declares("f"), file.declares("g")]), [[true, false], [false, false]]);
    assert.deepEqual(memory.reads, ["a.c", "b.c"]);
  });
});
