// Refusals as text: operation, subject, reason, advice.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { test } from "node:test";
import { inflateSync } from "node:zlib";
import { errnoOf, errnoText, reasonOf, SystemError } from "./system-error.ts";

test("the message says what failed on what, why, and what to do", () => {
  assert.equal(new SystemError("create map", "@a", 22).message, "create map @a: Invalid argument");
  const error = new SystemError("attach", "kprobe:x", 1, "run as root");
  assert.equal(error.message, "attach kprobe:x: Operation not permitted. run as root");
  assert.deepEqual([error.operation, error.subject, error.errno, error.advice], ["attach", "kprobe:x", 1, "run as root"]);
  assert.ok(error instanceof Error);
});

test("every errno of the system has a text", () => {
  for (const [name, number] of Object.entries(constants.errno)) {
    assert.doesNotMatch(errnoText(number), /^errno /, name);
    assert.notEqual(errnoText(number), "", name);
  }
});

test("unknown numbers stay numbers", () => {
  assert.equal(errnoText(524), "errno 524");
  assert.equal(errnoText(0), "errno 0");
});

test("reasons are the system's words where a call of the system failed", () => {
  const failure = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (problem) {
      return problem;
    }
  };
  assert.equal(reasonOf(failure(() => readFileSync("/no/such/file"))), "No such file or directory");
  assert.equal(errnoOf(failure(() => readFileSync("/proc"))), constants.errno.EISDIR);
  assert.equal(reasonOf(new SystemError("attach", "x", 1, "run as root")), "attach x: Operation not permitted. run as root");
  assert.equal(reasonOf(new RangeError("too long")), "too long");
  assert.equal(errnoOf(new RangeError("too long")), 0);
  assert.equal(reasonOf("text"), "text");
  // Its errno is zlib's.
  assert.equal(reasonOf(failure(() => inflateSync(Buffer.from("nothing like it")))), "incorrect header check");
});
