// The whole test run: build, types, lint, unit tests, conformance tests on the running kernel; ends with the counts.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join, resolve } from "node:path";
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

/** Bundles test files and calls `run` with the bundles. */
async function withBundles(files, run) {
  mkdirSync(join(root, "build"), { recursive: true });
  const outdir = mkdtempSync(join(root, "build/unit-"));
  try {
    await run(await bundleTests(files, outdir));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

/** Runs bundles with node's runner, all processors at work, and adds up its counts; says what failed. */
function runTests(bundles) {
  const args = ["--enable-source-maps", "--test", `--test-concurrency=${availableParallelism()}`, "--test-reporter=tap", ...bundles];
  const run = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28 });
  const number = (word) => Number(new RegExp(`^# ${word} (\\d+)$`, "m").exec(run.stdout)?.[1] ?? 0);
  counts.passed += number("pass");
  counts.failed += number("fail");
  counts.skipped += number("skipped");
  if (run.status === 0) return;
  if (number("fail") === 0) counts.failed += 1;
  process.stdout.write(run.stdout.split("\n").filter((line) => !/^\s*(ok|#|---|\.\.\.|duration_ms|type:)/.test(line)).join("\n"));
  process.stdout.write(run.stderr);
}

/** Folders of tests that may run side by side; the others start tracers. */
const together = ["src", "test/cdecl", "test/diagnostics", "test/format", "test/fuzz"];

/** Runs all tests. After each file that traces nothing of it may be left on the machine. */
async function tests() {
  process.stdout.write("== unit and conformance tests\n");
  const pure = together.flatMap((folder) => testFiles(join(root, folder)));
  const tracing = testFiles(join(root, "test")).filter((file) => !pure.includes(file));
  await withBundles([join(root, "test/support/left-behind.ts"), ...pure, ...tracing], async ([leftBehind, ...bundles]) => {
    const machine = await import(leftBehind);
    const groups = [bundles.slice(0, pure.length), ...bundles.slice(pure.length).map((bundle) => [bundle])];
    for (const group of groups) {
      const name = group.length > 1 ? "units" : basename(group[0] ?? "", ".mjs").replaceAll("__", "/");
      const start = Date.now();
      const before = machine.unheldObjects();
      runTests(group);
      const left = await machine.leftBehind(before);
      process.stdout.write(`${name}: ${Math.round((Date.now() - start) / 1000)} s\n`);
      if (left.length === 0) continue;
      counts.failed += 1;
      process.stdout.write(`FAILED: left behind by ${name}: ${left.join(", ")}\n`);
    }
  });
}

provideCompilers();
step("build", process.execPath, ["scripts/build.mjs"]);
step("types", "npx", ["--no-install", "tsc", "-p", "tsconfig.json"]);
step("lint", "npx", ["--no-install", "biome", "lint", "--error-on-warnings"]);
process.env.CDECL_HEADERS ??= "all";
await tests();
process.stdout.write(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped\n`);
process.exitCode = counts.failed > 0 ? 1 : 0;
