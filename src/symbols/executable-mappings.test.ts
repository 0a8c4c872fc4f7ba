// Executable mappings of processes: read from the kernel's text, with the files behind them, also deleted ones.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { executableMappings, parseExecutableMappings, withMappedElf } from "./executable-mappings.ts";

test("lines of code are told from others, and files by their inodes", () => {
  const text = `
55d4a0000000-55d4a0001000 r--p 00000000 fe:01 1234                       /usr/bin/a b
55d4a0001000-55d4a0002000 r-xp 00001000 fe:01 1234                       /usr/bin/a b
7f0000000000-7f0000001000 rwxp 00000000 00:00 0
7f0000002000-7f0000003000 r-xs 00003000 00:1f 77                         /memfd:code (deleted)
7ffc00000000-7ffc00002000 r-xp 00000000 00:00 0                          [vdso]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
`;
  assert.deepEqual(
    parseExecutableMappings(text).map(({ start, offset, identity, path }) => [start.toString(16), offset, identity, path]),
    [
      ["55d4a0001000", 0x1000n, "fe:01 1234", "/usr/bin/a b"],
      ["7f0000000000", 0n, undefined, ""],
      ["7f0000002000", 0x3000n, "00:1f 77", "/memfd:code (deleted)"],
      ["7ffc00000000", 0n, "[vdso]", "[vdso]"],
      ["ffffffffff600000", 0n, "[vsyscall]", "[vsyscall]"],
    ],
  );
});

test("code addresses of the mapped file lead to what is in memory", () => {
  const own = executableMappings(process.pid).filter(({ identity }) => identity !== undefined && !identity.startsWith("["));
  assert.ok(own.length > 1);
  for (const mapping of own) {
    const address = withMappedElf(process.pid, mapping, (file) => file.codeAddresses()(mapping.offset));
    assert.ok(address !== undefined, mapping.path);
    assert.equal(address % 4096n, 0n);
  }
});

test("a process that is not there has none", () => {
  assert.throws(() => executableMappings(4194303), /ENOENT/);
});

test("a file that was deleted or replaced is still read", async () => {
  const folder = mkdtempSync(join(tmpdir(), "bpftrace-mappings-"));
  const program = join(folder, "sleeper");
  copyFileSync("/bin/sleep", program);
  const child = spawn(program, ["1000"], { stdio: "ignore" });
  try {
    await new Promise((started) => child.once("spawn", started));
    const mapping = executableMappings(child.pid ?? 0).find(({ path }) => path === program);
    assert.ok(mapping !== undefined);
    const read = () => withMappedElf(child.pid ?? 0, mapping, (file) => file.type);
    assert.equal(read(), 3);
    rmSync(program);
    assert.equal(read(), 3);
    copyFileSync("/bin/true", program);
    assert.equal(read(), 3);
  } finally {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
});
