// JSON output: every kind of event is a line of valid JSON, whatever bytes are in it, and nothing is lost unnoticed.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { startTracer } from "./tracer.ts";

const folder = mkdtempSync(join(tmpdir(), "bpftrace-json-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const bytes = Uint8Array.from({ length: 255 }, (_, i) => i + 1);
const text = Buffer.from(bytes).toString("utf8");

/** A string literal of the language with these bytes. */
function literal(content: Uint8Array): string {
  return `"${[...content].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}"`;
}

type Event = Readonly<Record<string, unknown>>;

function isEvent(value: unknown): value is Event {
  return typeof value === "object" && value !== null && "type" in value;
}

async function events(program: string, options: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<readonly Event[]> {
  const tracer = startTracer(["-f", "json", ...options, "-e", program], { environment });
  const { stdout, stderr, status } = await tracer.ended;
  assert.equal(status, 0, stderr);
  return Buffer.from(stdout, "latin1").toString("utf8").split("\n").filter((line) => line !== "").map((line) => {
    const event: unknown = JSON.parse(line);
    assert.ok(isEvent(event), line);
    return event;
  });
}

function ofType(list: readonly Event[], type: string): readonly unknown[] {
  return list.filter((event) => event["type"] === type).map((event) => event["data"] ?? event["msg"]);
}

test("any byte in any kind of event", async () => {
  const file = join(folder, "bytes");
  writeFileSync(file, bytes);
  const any = literal(bytes);
  const format = any.replace("\\x25", "%%");
  const list = await events(
    `begin {
       printf(${format}); printf("%s", ${any}); print((${any}, 1)); print(buf(${any}, 255));
       cat("${file}"); system("cat ${file}"); errorf("%s", ${any}); warnf("%s", ${any}); time(${literal(bytes.subarray(200))});
       @m[${any}] = ${any}; @s = ${any}; @r = (a = ${any}, b = 1);
     }`,
    ["--unsafe"],
    { BPFTRACE_MAX_STRLEN: "1024" },
  );
  assert.deepEqual(ofType(list, "printf"), [text, text]);
  assert.deepEqual(ofType(list, "value"), [[text, 1], [...bytes].map((byte) => (byte << 24) >> 24)]);
  assert.deepEqual(ofType(list, "cat"), [text]);
  assert.deepEqual(ofType(list, "syscall"), [text]);
  assert.deepEqual(ofType(list, "errorf"), [text]);
  assert.deepEqual(ofType(list, "warnf"), [text]);
  assert.deepEqual(ofType(list, "time"), [Buffer.from(bytes.subarray(200)).toString("utf8")]);
  const maps = { "@m": { [text.replaceAll(" ", "")]: text }, "@r": { a: text, b: 1 }, "@s": text };
  assert.deepEqual(ofType(list, "map"), Object.entries(maps).map(([name, data]) => ({ [name]: data })));
});

test("every kind of event", async () => {
  const list = await events(
    `begin {
       @c = count(); @a = avg(3); @st = stats(4); @h = hist(5); @l = lhist(6, 0, 10, 5); @t = tseries(7, 1s, 3);
       @ka[1, "x"] = avg(3); @kst["q"] = stats(4); @kh["q"] = hist(5); @kt["q"] = tseries(7, 1s, 3);
       print(1); print(@c); $z = 0; print(5 / $z); print(*(uint8 *)1); print(@none[1]); @none[2] = 1;
       printf("%s", kstack(1)); print((ksym(0), ntop(0x100007f), strftime("%Y", nsecs), username));
     }`,
    ["-k"],
    { BPFTRACE_UNSTABLE_TSERIES: "enable" },
  );
  const types = new Set(list.map((event) => event["type"]));
  const expected = ["attached_probes", "helper_error", "hist", "map", "printf", "runtime_error", "stats", "tseries", "value"];
  assert.deepEqual([...types].sort(), expected);
  assert.deepEqual(list.find((event) => event["type"] === "attached_probes"), { type: "attached_probes", count: 1, data: { probes: 1 } });
  const failures = list.filter((event) => event["type"] === "helper_error").map(({ msg, helper, retcode }) => ({ msg, helper, retcode }));
  assert.deepEqual(failures[1], { msg: "Success", helper: "map_lookup_elem", retcode: 0 });
  assert.equal(failures.length, 2);
  assert.deepEqual(ofType(list, "stats"), [
    { "@a": 3 },
    { "@ka": { "1,x": 3 } },
    { "@kst": { q: { count: 1, average: 4, total: 4 } } },
    { "@st": { count: 1, average: 4, total: 4 } },
  ]);
  assert.deepEqual(ofType(list, "hist"), [
    { "@h": [{ min: 4, max: 7, count: 1 }] },
    { "@kh": { q: [{ min: 4, max: 7, count: 1 }] } },
    { "@l": [{ min: 5, max: 9, count: 1 }] },
  ]);
});

test("lost events are counted", async () => {
  const rounds = 3000;
  const list = await events(`begin { for ($i : 0..${rounds}) { printf("%d", $i); } }`, ["-q"], { BPFTRACE_PERF_RB_PAGES: "1" });
  const printed = ofType(list, "printf").length;
  const lost = list.filter((event) => event["type"] === "lost_events").reduce((all, event) => all + Number(event["count"]), 0);
  assert.ok(lost > 0, "the buffer is too small for all");
  assert.equal(printed + lost, rounds);
});
