// Bundles the command (dist/bpftrace.js) and the library (dist/index.js), one file each.
import { chmodSync, existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const common = {
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  packages: "external",
  minifySyntax: true,
  logLevel: "warning",
};

const command = join(root, "src/cli/main.ts");
if (existsSync(command)) {
  const outfile = join(root, "dist/bpftrace.js");
  await build({ ...common, entryPoints: [command], outfile, banner: { js: "#!/usr/bin/env node" } });
  chmodSync(outfile, 0o755);
}
const library = join(root, "src/index.ts");
if (existsSync(library)) await build({ ...common, entryPoints: [library], outfile: join(root, "dist/index.js") });
