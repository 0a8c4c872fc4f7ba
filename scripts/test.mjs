// The whole test run: build, types, lint, unit tests, conformance tests on the running kernel; ends with the counts.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { provideCompilers } from "./compilers.mjs";
import { bundleTests, testFiles } from "./unit.mjs";

const root = resolve(import.meta.dirname, "..");
const counts = { passed: 0, failed: 0, skipped: 0 };

function step(name, command, args) {
  process.stdout.write(`== ${name}\n`);
  const run = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (run.status === 0) counts.passed += 1;
  else {
    counts.failed += 1;
    process.stdout.write(`FAILED: ${name}\n`);
  }
}

/** Runs test files with node's runner and adds up its counts. */
async function tests(name, folders) {
  process.stdout.write(`== ${name}\n`);
  const files = folders.flatMap((folder) => testFiles(join(root, folder)));
  if (files.length === 0) return;
  mkdirSync(join(root, "build"), { recursive: true });
  const outdir = mkdtempSync(join(root, "build/unit-"));
  try {
    const bundles = await bundleTests(files, outdir);
    const args = ["--enable-source-maps", "--test", "--test-reporter=tap", ...bundles];
    const run = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
    const number = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, "m").exec(run.stdout)?.[1] ?? 0);
    counts.passed += number("pass");
    counts.failed += number("fail");
    counts.skipped += number("skipped");
    if (run.status === 0) return;
    if (number("fail") === 0) counts.failed += 1;
    process.stdout.write(run.stdout.split("\n").filter((line) => !/^\s*(ok|#|---|\.\.\.|duration_ms|type:)/.test(line)).join("\n"));
    process.stdout.write(run.stderr);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

provideCompilers();
step("build", process.execPath, ["scripts/build.mjs"]);
step("types", "npx", ["--no-install", "tsc", "-p", "tsconfig.json"]);
step("lint", "npx", ["--no-install", "biome", "lint", "--error-on-warnings"]);
process.env.CDECL_HEADERS ??= "all";
await tests("unit and conformance tests", ["src", "test"]);
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
