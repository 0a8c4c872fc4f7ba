// File names by pattern, as glob(3) finds them: `*`, `?` and `[…]` within the components of a path.

import { existsSync, readdirSync } from "node:fs";

const special = /[*?[]/;

/** A component as a regular expression; `*` and `?` find no leading dot. */
function componentPattern(text: string): RegExp {
  let pattern = text.startsWith(".") ? "" : "(?!\\.)";
  for (let i = 0; i < text.length; i++) {
    const c = text.charAt(i);
    const set = c === "[" ? /^\[([!^]?)(\]?[^\]]*)\]/.exec(text.slice(i)) : null;
    if (c === "*") pattern += ".*";
    else if (c === "?") pattern += ".";
    else if (set !== null) {
      pattern += `[${set[1] === "" ? "" : "^"}${(set[2] ?? "").replace(/[\\\]^]/g, "\\$&")}]`;
      i += set[0].length - 1;
    } else pattern += c.replace(/[.+^${}()|\\[\]]/g, "\\$&");
  }
  return new RegExp(`^${pattern}$`, "s");
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder === "" ? "." : folder);
  } catch {
    // No folder, or not for us: nothing in it is found, as with glob(3).
    return [];
  }
}

/** Existing paths that a pattern finds, sorted; they begin as the pattern does (`./lo*` finds `./loop`). */
export function globFiles(pattern: string): readonly string[] {
  const absolute = pattern.startsWith("/");
  const components = pattern.split("/").filter((part) => part !== "");
  let found: readonly string[] = [absolute ? "/" : ""];
  for (const component of components) {
    const extend = (folder: string, name: string) => (folder === "" ? name : folder === "/" ? `/${name}` : `${folder}/${name}`);
    if (!special.test(component)) {
      found = found.map((folder) => extend(folder, component));
      continue;
    }
    const matches = componentPattern(component);
    found = found.flatMap((folder) => entries(folder).filter((name) => matches.test(name)).map((name) => extend(folder, name)));
  }
  return found.filter((path) => existsSync(path)).sort();
}
