// User names by number, from /etc/passwd (passwd(5)).

import { readFileSync } from "node:fs";

/** Names by uid in the text of a passwd file; the first entry of a uid counts. */
export function parsePasswd(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name, , uid] = line.split(":");
    if (name === undefined || name === "" || name.startsWith("#") || uid === undefined || !/^\d+$/.test(uid)) continue;
    if (!names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}

/** A lookup that reads the file when it is first used; unknown users are named by their number. */
export function userNames(file = "/etc/passwd"): (uid: number) => string {
  const cell: { names: ReadonlyMap<number, string> | undefined } = { names: undefined };
  return (uid) => {
    cell.names ??= readNames(file);
    return cell.names.get(uid) ?? String(uid);
  };
}

function readNames(file: string): ReadonlyMap<number, string> {
  try {
    return parsePasswd(readFileSync(file, "latin1"));
  } catch {
    // Without the file no user has a name.
    return new Map();
  }
}
