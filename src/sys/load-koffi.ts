// Opens koffi's library. Its own loader takes ten times as long as the library itself, as it looks at the whole Node binary first to learn
// which C library there is; so the library for glibc is tried at the place where npm puts it.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** What the package exports. Throws when it is not installed. */
export function loadKoffi(): unknown {
  const path = findLibrary(dirname(fileURLToPath(import.meta.url)));
  if (path !== undefined) {
    const loaded = { exports: {} };
    try {
      process.dlopen(loaded, path);
      return loaded.exports;
    } catch (problem) {
      // With another C library than glibc the package knows what to do.
      if (!(problem instanceof Error) || !("code" in problem) || problem.code !== "ERR_DLOPEN_FAILED") throw problem;
    }
  }
  return createRequire(import.meta.url)("koffi");
}

function findLibrary(start: string): string | undefined {
  const platform = `linux_${process.arch}`;
  const inside = join("node_modules", "@koromix", `koffi-linux-${process.arch}`, platform, "koffi.node");
  for (let folder = start; ; folder = dirname(folder)) {
    const path = join(folder, inside);
    if (existsSync(path)) return path;
    if (folder === dirname(folder)) return undefined;
  }
}
