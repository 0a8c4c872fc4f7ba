// The library's declarations are what a strict TypeScript project can use.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";

const tsc = resolve("node_modules/.bin/tsc");
const options = { strict: true, module: "nodenext", target: "es2023", lib: ["es2023"], noEmit: true, skipLibCheck: false, types: ["node"] };

/** Checks a program that uses the package as an installed one; gives what the compiler says. */
function check(program: string): string {
  mkdirSync("build", { recursive: true });
  const folder = mkdtempSync(resolve("build/types-"));
  try {
    mkdirSync(join(folder, "node_modules/@types"), { recursive: true });
    symlinkSync(resolve("."), join(folder, "node_modules/bpftrace"));
    symlinkSync(resolve("node_modules/@types/node"), join(folder, "node_modules/@types/node"));
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: ["use.ts"] }));
    writeFileSync(join(folder, "use.ts"), program);
    return spawnSync(tsc, ["-p", folder], { encoding: "utf8" }).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("a program that uses the library checks", () => {
  const program = `
    import { CompileError, compile, renderDiagnostic, renderMapText, trace, type TraceEvent } from "bpftrace";
    const result = compile("begin { exit(); }", { unsafe: false, parameters: ["1"] });
    if (result.kind === "failed") for (const diagnostic of result.diagnostics) renderDiagnostic(diagnostic, false).length;
    const run = trace("interval:s:1 { @a = count(); exit(); }", { command: "true" });
    for await (const event of run) {
      const seen: TraceEvent = event;
      if (event.type === "map") renderMapText(event.map).length;
      if (event.type === "value") event.text.length;
      if (event.type === "lost") event.count + 1n;
      seen.type;
    }
    const status: number = await run.status;
    export const error: Error = new CompileError([], String(status));
  `;
  assert.equal(check(program), "");
});

test("a program that misuses the library does not", () => {
  const said = check(`import { trace } from "bpftrace"; trace(5); trace("begin { }", { pid: "1" });`);
  assert.match(said, /use\.ts\(1,\d+\): error TS2345/);
  assert.match(said, /use\.ts\(1,\d+\): error TS2322/);
});
