// Writes docs/reference.md from the definitions of the language. Usage: node scripts/reference.mjs
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
mkdirSync(join(root, "build"), { recursive: true });
const folder = mkdtempSync(join(root, "build/reference-"));
try {
  const outfile = join(folder, "reference.mjs");
  const contents = `
    export { renderReference } from "./src/language/reference.ts";
    export { createLanguage } from "./src/language/index.ts";
  `;
  await build({ stdin: { contents, resolveDir: root }, outfile, bundle: true, platform: "node", format: "esm", packages: "external", logLevel: "warning" });
  const { renderReference, createLanguage } = await import(pathToFileURL(outfile).href);
  writeFileSync(join(root, "docs/reference.md"), renderReference(createLanguage().definitions));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
