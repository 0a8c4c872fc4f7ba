// Which rows run in the guests: all of the tables here, and a fixed sample of those that run on every kernel.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { kernelMatches } from "../conformance/kernel-condition.ts";
import { parseTable, type Row } from "../conformance/table.ts";

export interface GuestRow {
  /** Table and id: what the guest calls it in its results. */
  readonly key: string;
  readonly row: Row;
}

/** Of the rows for every kernel one of this many is in the sample. */
const sampleRate = 25;

function tablesIn(folder: string): readonly GuestRow[] {
  return readdirSync(folder).sort().flatMap((file) =>
    parseTable(readFileSync(join(folder, file), "utf8")).map((row) => ({ key: `${file}:${row.id}`, row })),
  );
}

/** FNV-1a: a number that depends on the key alone, so that new rows don't change the sample. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

/** The rows for a kernel of a series or release, in the order in which they run. `only`: ids, all when undefined. */
export function rowsFor(release: string, only: readonly string[] | undefined): readonly GuestRow[] {
  const sample = tablesIn(resolve("test/conformance/tables")).filter(({ key }) => hash(key) % sampleRate === 0);
  return [...tablesIn(resolve("test/vm/tables")), ...sample].filter(
    ({ row }) => row.pending === undefined && kernelMatches(row.kernel, release) && (only?.includes(row.id) ?? true),
  );
}
