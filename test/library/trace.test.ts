// The library on the running kernel: events as an async iterator, ends, errors.

import assert from "node:assert/strict";
import { test } from "node:test";
import { compile, CompileError, renderText, trace, type TraceEvent } from "../../src/index.ts";

async function eventsOf(events: AsyncIterable<TraceEvent>): Promise<readonly TraceEvent[]> {
  const all: TraceEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

test("events arrive typed and in order, and the iteration ends with the run", async () => {
  const run = trace('begin { printf("é %d\\n", 3); print((1, "x")); @a["k"] = 2; exit(4); }');
  const events = await eventsOf(run);
  assert.deepEqual(events.map((event) => event.type), ["attached", "output", "value", "map"]);
  const [, output, value, map] = events;
  assert.deepEqual(output, { type: "output", kind: "printf", text: "é 3\n" });
  assert.equal(value?.type === "value" && value.text, "(1, x)");
  assert.ok(map?.type === "map");
  assert.equal(map.map.name, "@a");
  assert.deepEqual(map.map.entries.map((entry) => renderText(entry.value, { truncationTrailer: "" })), ["2"]);
  assert.equal(await run.status, 4);
});

test("a reader that breaks off ends the run", async () => {
  const run = trace('interval:ms:5 { printf("tick"); } end { printf("over"); }');
  for await (const event of run) if (event.type === "output") break;
  assert.equal(await run.status, 0);
});

test("an abort signal ends the run and its maps are still reported", async () => {
  const controller = new AbortController();
  const run = trace("interval:ms:5 { @n = count(); print(1); }", { signal: controller.signal });
  const kinds: string[] = [];
  for await (const event of run) {
    kinds.push(event.type);
    if (event.type === "value") controller.abort();
  }
  assert.equal(kinds.at(-1), "map");
});

test("a command is run and its end ends the run", async () => {
  const run = trace("tracepoint:sched:sched_process_exit /pid == cpid/ { print(comm); }", { command: "true" });
  const events = await eventsOf(run);
  assert.ok(events.some((event) => event.type === "value" && event.text === "true"));
});

test("a bad script is thrown as a CompileError with places", () => {
  assert.throws(
    () => trace("begin { nosuch(); }"),
    (problem) => problem instanceof CompileError && problem.diagnostics[0]?.span?.start === 8 && /nosuch/.test(problem.message),
  );
});

test("compile() gives the program without loading it, and diagnostics instead of exceptions", () => {
  const good = compile("begin { @a = $1; }", { parameters: ["42"] });
  assert.equal(good.kind, "compiled");
  const bad = compile('begin { @a = 1; @a = "x"; }');
  assert.equal(bad.kind, "failed");
  assert.equal(bad.diagnostics.length, 1);
});
