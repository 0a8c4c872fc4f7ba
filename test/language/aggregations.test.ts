// Aggregations under load: a known number of events from several threads on all CPUs is found exactly, whatever aggregation
// takes them and wherever it is read.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { after, test, type TestContext } from "node:test";
import { buildFixtures } from "../conformance/fixtures.ts";

const command = process.env["BPFTRACE_COMMAND"] ?? resolve("dist/bpftrace.js");
const fixtures = buildFixtures(new Set(["crowd"]));
after(() => fixtures.remove());

const rounds = 20_000;
const threads = 2 * Math.min(4, availableParallelism());
/** Values from -offset on: negative ones, too. */
const offset = 1500;
const keys = 7;

const program = `
  tracepoint:syscalls:sys_enter_dup /pid == cpid && args.fildes >= 1000000/ {
    $v = (int64)args.fildes - ${1_000_000 + offset};
    $k = (int64)args.fildes % ${keys};
    @count = count(); @sum = sum($v); @min = min($v); @max = max($v); @avg = avg($v); @stats = stats($v);
    @hist = hist($v); @lhist = lhist($v, 0, 4000, 500);
    @kcount[$k] = count(); @ksum[$k] = sum($v); @kmin[$k] = min($v); @kmax[$k] = max($v); @kavg[$k] = avg($v);
    @kstats[$k] = stats($v); @khist[$k] = hist($v); @klhist[$k] = lhist($v, 0, 4000, 500);
    @cpus[cpu] = count(); @threads[tid] = count();
  }
  profile:hz:199 { @kcount[-1] = count(); @ksum[-1] = sum(1); @khist[-1] = hist(1); }
  end {
    printf("read %d %d %d %d %d\\n", (int64)@count, (int64)@sum, (int64)@min, (int64)@max, (int64)@avg);
    $all = (int64)0;
    for ($kv : @ksum) { if ($kv.0 >= 0) { $all += $kv.1; } }
    printf("keys %d\\n", $all);
  }`;

interface Output {
  readonly texts: readonly string[];
  /** Data of maps by name. */
  readonly maps: ReadonlyMap<string, unknown>;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function readOutput(text: string): Output {
  const texts: string[] = [];
  const maps = new Map<string, unknown>();
  for (const line of text.split("\n").filter((l) => l !== "")) {
    const event: unknown = JSON.parse(line);
    assert.ok(isObject(event), line);
    if (event["type"] === "printf") texts.push(String(event["data"]));
    else if (isObject(event["data"])) for (const [name, data] of Object.entries(event["data"])) maps.set(name, data);
  }
  return { texts, maps };
}

function run(): Promise<string> {
  const args = [command, "--no-warnings", "-f", "json", "-c", `./crowd ${rounds} ${threads}`, "-e", program];
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd: fixtures.path, stdio: ["ignore", "pipe", "pipe"] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on("data", (piece: Buffer) => out.push(piece));
    child.stderr.on("data", (piece: Buffer) => err.push(piece));
    child.on("close", (status) => {
      if (status === 0) done(Buffer.concat(out).toString());
      else fail(new Error(`status ${status}\n${Buffer.concat(err).toString()}\n${join(fixtures.path, "crowd")}`));
    });
  });
}

// ---- what must come out -------------------------------------------------------------------------------------

const values = Array.from({ length: rounds }, (_, i) => ({ value: i - offset, key: (1_000_000 + i) % keys }));

function summary(list: readonly number[]) {
  const total = list.reduce((a, b) => a + b, 0) * threads;
  const count = list.length * threads;
  return { count, total, min: Math.min(...list), max: Math.max(...list), average: Math.trunc(total / count) };
}

/** Counts by bucket, as JSON has them: rows from the first to the last bucket that is not empty. */
function buckets(list: readonly number[], bucketOf: (value: number) => { readonly min?: number; readonly max?: number }) {
  const rows = new Map<string, { min?: number; max?: number; count: number }>();
  for (const value of [...list].sort((a, b) => a - b)) {
    const bounds = bucketOf(value);
    const key = JSON.stringify(bounds);
    const row = rows.get(key) ?? { ...bounds, count: 0 };
    row.count += threads;
    rows.set(key, row);
  }
  return [...rows.values()];
}

function powerBucket(value: number): { readonly min?: number; readonly max?: number } {
  if (value < 0) return { max: -1 };
  if (value < 2) return { min: value, max: value };
  const start = 2 ** Math.floor(Math.log2(value));
  return { min: start, max: 2 * start - 1 };
}

function linearBucket(value: number): { readonly min?: number; readonly max?: number } {
  if (value < 0) return { max: -1 };
  if (value >= 4000) return { min: 4000 };
  const start = Math.floor(value / 500) * 500;
  return { min: start, max: start + 499 };
}

function expectedMaps(): Record<string, unknown> {
  const all = values.map((v) => v.value);
  const whole = summary(all);
  const byKey = new Map(Array.from({ length: keys }, (_, key) => [key, values.filter((v) => v.key === key).map((v) => v.value)] as const));
  const each = (of: (list: readonly number[]) => unknown) => Object.fromEntries([...byKey].map(([key, list]) => [String(key), of(list)]));
  const record = ({ count, average, total }: ReturnType<typeof summary>) => ({ count, average, total });
  return {
    "@count": whole.count,
    "@sum": whole.total,
    "@min": whole.min,
    "@max": whole.max,
    "@avg": whole.average,
    "@stats": record(whole),
    "@hist": buckets(all, powerBucket),
    "@lhist": buckets(all, linearBucket),
    "@kcount": each((list) => summary(list).count),
    "@ksum": each((list) => summary(list).total),
    "@kmin": each((list) => summary(list).min),
    "@kmax": each((list) => summary(list).max),
    "@kavg": each((list) => summary(list).average),
    "@kstats": each((list) => record(summary(list))),
    "@khist": each((list) => buckets(list, powerBucket)),
    "@klhist": each((list) => buckets(list, linearBucket)),
  };
}

/** Without the key of the timer, which only disturbs, and without empty rows of histograms. */
function found(data: unknown): unknown {
  if (Array.isArray(data)) return data.filter((row: unknown) => !isObject(row) || row["count"] !== 0);
  if (!isObject(data)) return data;
  return Object.fromEntries(Object.entries(data).filter(([key]) => key !== "-1").map(([key, value]) => [key, found(value)]));
}

test("aggregations miss nothing and count nothing twice", async (context: TestContext) => {
  const problem = fixtures.problem("crowd");
  if (problem !== undefined) return context.skip(problem);
  const { texts, maps } = readOutput(await run());
  for (const [name, expected] of Object.entries(expectedMaps())) assert.deepEqual(found(maps.get(name)), expected, name);
  const { count, total, min, max, average } = summary(values.map((v) => v.value));
  assert.deepEqual(texts, [`read ${count} ${total} ${min} ${max} ${average}\n`, `keys ${total}\n`]);
  const byThread = maps.get("@threads");
  assert.ok(isObject(byThread));
  assert.deepEqual(Object.values(byThread), Array.from({ length: threads }, () => rounds));
  const byCpu = maps.get("@cpus");
  assert.ok(isObject(byCpu));
  assert.equal(Object.values(byCpu).reduce((all: number, n) => all + Number(n), 0), count);
  assert.ok(availableParallelism() === 1 || Object.keys(byCpu).length > 1, "several CPUs took part");
});
