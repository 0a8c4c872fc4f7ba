import assert from "node:assert/strict";
import { test } from "node:test";
import { int64, type Type, uint8 } from "../types/type.ts";
import { parseFormat } from "./format.ts";
import { kernelFormat } from "./kernel-format.ts";

const text: Type = { kind: "string", size: 16 };

function formatOf(format: string, ...types: readonly Type[]): string {
  const made = kernelFormat(parseFormat(format), types);
  if (typeof made === "string") return `problem: ${made}`;
  return [made.text, ...made.values.map((v) => (v.kind === "integer" ? `${v.signed ? "s" : "u"}${v.bits}` : v.kind))].join(" | ");
}

test("integers are cut first and printed with 64 bits", () => {
  assert.equal(formatOf("%d %lld %hhx", int64, int64, int64), "%lld %lld %llx | s32 | s64 | u8");
  assert.equal(formatOf("%-5u|%+d|%08X", int64, int64, int64), "%-5llu|%+lld|%08llX | u32 | s32 | u32");
  assert.equal(formatOf("%p", int64), "0x%llx | u64");
});

test("strings, characters and what %s makes of integers", () => {
  assert.equal(formatOf("%-16s%c", text, uint8), "%-16s%s | string | character");
  assert.equal(formatOf("%s %s", int64, uint8), "%lld %llu | s64 | u64");
});

test("percent signs are doubled beside conversions only", () => {
  assert.equal(formatOf("100%%\n"), "100%\n");
  assert.equal(formatOf("%d%%", int64), "%lld%% | s32");
});

test("what the kernel can't do is said", () => {
  assert.match(formatOf("%o", int64), /can't show %o/);
  assert.match(formatOf("%#x", int64), /can't show %#x/);
  assert.match(formatOf("%.3s", text), /precision/);
  assert.match(formatOf("é %d", int64), /ASCII/);
  assert.match(formatOf("%s", { kind: "bool" }), /can't show %s/);
  assert.match(formatOf("%d".repeat(13), ...Array.from({ length: 13 }, () => int64)), /at most 12 values, not 13/);
});
