// Bundles the command (dist/bpftrace.cjs, which runs dist/command.cjs) and the library (dist/index.mjs and, for require(), dist/index.js;
// its types in dist/types).
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const dist = join(root, "dist");

const common = {
  bundle: true,
  platform: "node",
  target: "node20",
  packages: "external",
  minifySyntax: true,
  logLevel: "warning",
};

/** CommonJS starts faster than an ES module, and V8 can keep its compiled form. */
const script = {
  ...common,
  format: "cjs",
  minifyWhitespace: true,
  define: { "import.meta.url": "moduleUrl" },
  banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
};

/** What the launcher compiles: a function, as node makes one of every CommonJS module. */
const wholeFunction = {
  banner: { js: `(function (exports, require, module, __filename, __dirname) { ${script.banner.js}` },
  footer: { js: "})" },
};

/** Modules that few runs need and that take milliseconds to load: they are loaded when they are used. */
const lazyModules = {
  name: "lazy modules",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(fzstd|node:(child_process|crypto|net|perf_hooks|timers\/promises|tty|v8|zlib))$/ }, ({ path, namespace }) =>
      namespace === "lazy" ? { path, external: true } : { path, namespace: "lazy" },
    );
    onLoad({ filter: /./, namespace: "lazy" }, async ({ path }) => {
      const names = Object.keys(await import(path)).filter((name) => name !== "default");
      const getters = names.map((name) => `get ${name}() { return require(${JSON.stringify(path)}).${name}; }`);
      return { contents: `module.exports = { ${getters.join(", ")} };` };
    });
  },
};

async function buildCommand() {
  const outfile = join(dist, "command.cjs");
  await build({ ...script, ...wholeFunction, minify: true, entryPoints: [join(root, "src/cli/main.ts")], outfile, plugins: [lazyModules] });
  const buildId = createHash("sha256").update(readFileSync(outfile)).digest("hex").slice(0, 12);
  const launcher = join(dist, "bpftrace.cjs");
  await build({
    ...script,
    entryPoints: [join(root, "src/cli/launcher.ts")],
    outfile: launcher,
    define: { ...script.define, buildId: JSON.stringify(buildId) },
    banner: { js: `#!/usr/bin/env node\n${script.banner.js}` },
  });
  writeFileSync(join(dist, "bpftrace.js"), '#!/usr/bin/env node\nrequire("./bpftrace.cjs");\n');
  chmodSync(launcher, 0o755);
  chmodSync(join(dist, "bpftrace.js"), 0o755);
}

async function buildLibrary() {
  const entryPoints = [join(root, "src/index.ts")];
  await build({ ...common, format: "esm", entryPoints, outfile: join(dist, "index.mjs") });
  await build({ ...common, format: "cjs", define: script.define, banner: script.banner, entryPoints, outfile: join(dist, "index.js") });
}

/** Type declarations of the library, for its users. */
function buildTypes() {
  rmSync(join(dist, "types"), { recursive: true, force: true });
  execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", "tsconfig.types.json"], { cwd: root, stdio: "inherit" });
}

function removeCaches() {
  mkdirSync(dist, { recursive: true });
  for (const name of readdirSync(dist)) if (name.includes(".cache")) rmSync(join(dist, name));
}

removeCaches();
// The package's sources are ES modules, which node takes longer to start.
writeFileSync(join(dist, "package.json"), '{ "type": "commonjs" }\n');
await buildCommand();
await buildLibrary();
buildTypes();
