// Fuzzes the compiler for long. Usage: node scripts/fuzz.mjs [COUNT [SEED [parse|c|compile|load|all]]]
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { bundleTests } from "./unit.mjs";

const root = resolve(import.meta.dirname, "..");
mkdirSync(join(root, "build"), { recursive: true });
const outdir = mkdtempSync(join(root, "build/fuzz-"));
try {
  const [bundle] = await bundleTests([join(root, "test/fuzz/run.ts")], outdir);
  const args = ["--enable-source-maps", bundle, ...process.argv.slice(2)];
  process.exitCode = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" }).status ?? 1;
} finally {
  rmSync(outdir, { recursive: true, force: true });
}
