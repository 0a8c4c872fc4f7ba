// Bundles the unit tests below the given folders (default: src) and runs them with node's test runner.
// Usage: node scripts/unit.mjs [FOLDER|FILE ...]
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");

/** All files below a path whose name ends in .test.ts. */
export function testFiles(path) {
  if (statSync(path).isFile()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .flatMap((entry) => (entry.name === "node_modules" ? [] : testFilesOf(join(path, entry.name), entry)))
    .sort();
}

function testFilesOf(path, entry) {
  if (entry.isDirectory()) return testFiles(path);
  return entry.name.endsWith(".test.ts") ? [path] : [];
}

/** Bundles test files into a folder inside the project, so that packages resolve; gives the outputs. */
export async function bundleTests(files, outdir) {
  const entryPoints = Object.fromEntries(
    files.map((file) => [relative(root, file).replace(/[/\\]/g, "__").replace(/\.ts$/, ""), file]),
  );
  await build({
    entryPoints,
    outdir,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    sourcemap: "inline",
    packages: "external",
    outExtension: { ".js": ".mjs" },
    logLevel: "warning",
  });
  return Object.keys(entryPoints).map((name) => join(outdir, `${name}.mjs`));
}

if (process.argv[1] === import.meta.filename) {
  const paths = process.argv.slice(2);
  const files = (paths.length > 0 ? paths : ["src"]).flatMap((path) => testFiles(resolve(path)));
  const parent = join(root, "build");
  const { mkdirSync } = await import("node:fs");
  mkdirSync(parent, { recursive: true });
  const outdir = mkdtempSync(join(parent, "unit-"));
  try {
    const bundles = await bundleTests(files, outdir);
    const run = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...bundles], { stdio: "inherit" });
    process.exitCode = run.status ?? 1;
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}
