// The table of system calls: known numbers, names that differ from their functions, no name or number twice.

import assert from "node:assert/strict";
import { test } from "node:test";
import { systemCallName, systemCallNumber } from "./system-calls.ts";

test("numbers of both architectures", () => {
  const table = [
    ["x64", "read", 0],
    ["x64", "sendfile64", 40],
    ["x64", "execve", 59],
    ["x64", "umount", 166],
    ["x64", "newfstatat", 262],
    ["x64", "statx", 332],
    ["x64", "clone3", 435],
    ["x64", "file_setattr", 469],
    ["arm64", "openat", 56],
    ["arm64", "read", 63],
    ["arm64", "newfstat", 80],
    ["arm64", "execve", 221],
    ["arm64", "statx", 291],
    ["arm64", "clone3", 435],
  ] as const;
  for (const [architecture, name, number] of table) assert.equal(systemCallNumber(architecture, name), number, name);
  assert.equal(systemCallNumber("x64", "no_such_call"), undefined);
});

test("names of numbers, also of the x32 interface", () => {
  assert.equal(systemCallName("x64", 335), "uretprobe");
  assert.equal(systemCallName("x64", 520), "execve");
  assert.equal(systemCallName("x64", 400), undefined);
  assert.equal(systemCallName("arm64", 93), "exit");
});

test("the number of a name is the native one", () => {
  for (const architecture of ["x64", "arm64"] as const) {
    for (let number = 0; number < 512; number++) {
      const name = systemCallName(architecture, number);
      if (name !== undefined) assert.equal(systemCallNumber(architecture, name), number, name);
    }
  }
});
