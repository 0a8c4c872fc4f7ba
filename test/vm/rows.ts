// Which rows run in the guests: all of the tables here, and of those for every kernel a fixed sample; a larger one is only
// compiled and loaded.

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { kernelMatches } from "../conformance/kernel-condition.ts";
import { isMetInGuests } from "../conformance/needs.ts";
import { parseTable, type Row } from "../conformance/table.ts";

export interface GuestRow {
  /** Table, id and `load` where the script is not run: what the guest calls it in its results. */
  readonly key: string;
  readonly row: Row;
  readonly mode: "run" | "load";
}

/** Of what every guest checks besides rows: that its kernel has the features of its release. */
export const featuresKey = "features";

/** What the guest calls, in its results, the check that the rows left nothing behind. */
export const leftBehindKey = "left behind";

/** Of the rows for every kernel one of this many is run, and one of this many loaded. */
const sampleRates = { run: 100, load: 4 } as const;

function tablesIn(folder: string, mode: "run" | "load"): readonly GuestRow[] {
  const prefix = mode === "load" ? "load " : "";
  return readdirSync(folder).sort().flatMap((file) =>
    parseTable(readFileSync(join(folder, file), "utf8")).map((row) => ({ key: `${prefix}${file}:${row.id}`, row, mode })),
  );
}

/** Tables of what depends on the kernel's release: all guests run them, and one of the guests each row of the others. */
const ofEveryGuest: ReadonlySet<string> = new Set(["fallbacks.txt", "fentry.txt", "fentry-programs.txt", "kernel-reads.txt", "kprobe.txt", "seeds.txt", "sessions.txt"]);

/** The kernels of the guests: one of them has a row of another table. */
export const guestKernels: readonly string[] = ["6.1", "6.12"];

/** FNV-1a: a number that depends on the key alone, so that new rows don't change the sample. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}

/** Whether a row is a script that should be accepted, and needs no files, settings or parameters. */
function isLoadable(row: Row): boolean {
  const plain = row.options.every((word, i) => word === "-c" || word === "--unsafe" || row.options[i - 1] === "-c");
  const isWhole = !/\{(row|pid|command|unique|address \w+)\}/.test(row.program);
  const alone = row.fixtures.length === 0 && row.beside === undefined && row.script === undefined && !/^ *import /m.test(row.program);
  const settings = Object.keys(row.environment).length + row.words.length;
  const accepted = row.status === 0 && !row.diagnostics.some((text) => / E /.test(text));
  return row.program !== "" && isWhole && plain && alone && settings === 0 && accepted;
}

function isThere({ needs }: Row): boolean {
  return needs === undefined || isMetInGuests(needs);
}

/** Whether a row that needs no certain kernel is this guest's; with VM_ALL in the environment all are. */
function isShareOf(release: string, { key, row, mode }: GuestRow): boolean {
  const [table = ""] = key.split(":");
  if (mode === "load" || row.kernel !== undefined || ofEveryGuest.has(table) || process.env["VM_ALL"] !== undefined) return true;
  return kernelMatches(guestKernels[(hash(key) >>> 8) % guestKernels.length], release);
}

/** The rows for a kernel of a series or release, in the order in which they run. `only`: ids, all when undefined. */
export function rowsFor(release: string, only: readonly string[] | undefined): readonly GuestRow[] {
  const common = resolve("test/conformance/tables");
  const sample = tablesIn(common, "run").filter(({ key }) => hash(key) % sampleRates.run === 0);
  const loaded = tablesIn(common, "load").filter(({ key, row }) => isLoadable(row) && hash(key) % sampleRates.load === 0);
  const here = [...tablesIn(resolve("test/vm/tables"), "run"), ...sample, ...loaded].filter(
    ({ row }) => row.pending === undefined && isThere(row) && kernelMatches(row.kernel, release),
  );
  return here.filter((guestRow) => (only === undefined ? isShareOf(release, guestRow) : only.includes(guestRow.row.id)));
}
